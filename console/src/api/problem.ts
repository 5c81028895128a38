/** An error as it is shown. */
export interface Problem {
  /** AWS's code. */
  code: string;
  message: string;
  requestId: string | undefined;
}

/** What an error says, whoever threw it. */
export function problem(error: unknown): Problem {
  if (!(error instanceof Error)) return { code: 'Error', message: String(error), requestId: undefined };
  const metadata = (error as { $metadata?: { requestId?: string } }).$metadata;
  // Browsers say no more than that when nobody answers.
  const unreachable = error instanceof TypeError && /fetch/i.test(error.message);
  const message = unreachable ? 'The server does not answer. Is it running?' : error.message;
  return { code: error.name, message, requestId: metadata?.requestId };
}

/** Whether it says that there is no such resource. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && /ResourceNotFound|NoSuchEntity/.test(error.name);
}
