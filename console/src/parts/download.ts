/** Saves a text as a file. */
export function save(name: string, text: string, type = 'application/x-pem-file'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // Kept until the browser has read it.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function cell(text: string): string {
  // What a spreadsheet would take for a formula is kept a text.
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Saves rows as CSV. */
export function saveCsv<T>(title: string, columns: { header: string; text: (item: T) => string }[], items: T[]): void {
  const rows = [columns.map(({ header }) => header), ...items.map((item) => columns.map(({ text }) => text(item)))];
  const text = rows.map((row) => row.map(cell).join(',')).join('\r\n');
  save(`${title.toLowerCase().replaceAll(' ', '-')}.csv`, `${text}\r\n`, 'text/csv');
}
