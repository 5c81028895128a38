/** A moment in the viewer's zone; in UTC under the pointer. */
export function Time({ at }: { at: Date | number | undefined }) {
  if (at === undefined) return <>–</>;
  const date = typeof at === 'number' ? new Date(at) : at;
  return <time dateTime={date.toISOString()} title={date.toISOString()}>{local(date)}</time>;
}

/** The same as a text. */
export function local(date: Date | undefined): string {
  return date?.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }) ?? '–';
}
