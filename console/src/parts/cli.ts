/** A request of AWS's API. */
export interface Asked {
  service: 'iot' | 'iam' | 'lambda' | 'iot-data';
  /** AWS's name: CreateThing. */
  operation: string;
  input: object;
}

/** A word in the shell's quotes, if it needs any. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** fooBarIds and FooBarIDs as the command line writes them: foo-bar-ids. */
function dashed(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2').toLowerCase();
}

/** The option of a member. */
function option(name: string, value: unknown): string {
  if (value === true) return `--${dashed(name)}`;
  if (value === false) return `--no-${dashed(name)}`;
  if (typeof value !== 'string' && typeof value !== 'number') return `--${dashed(name)} ${quoted(JSON.stringify(value))}`;
  return `--${dashed(name)} ${quoted(String(value))}`;
}

/** The same request by AWS's own command line. */
export function command({ service, operation, input }: Asked): string {
  const options = Object.entries(input).filter(([, value]) => value !== undefined && value !== '');
  const lines = options.map(([name, value]) => option(name, value));
  return [`aws ${service} ${dashed(operation)}`, ...lines].join(' \\\n    ');
}
