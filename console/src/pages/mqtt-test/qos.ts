/** What AWS IoT has. */
export const QOS = [
  { value: '0', label: '0 - At most once' },
  { value: '1', label: '1 - At least once' },
];
