import StatusIndicator from '@cloudscape-design/components/status-indicator';

const GOOD = ['ACTIVE', 'SUCCEEDED', 'COMPLETED', 'Accepted', 'Active'];
const BAD = ['REVOKED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'Denied', 'Rejected', 'Failed'];
const BUSY = ['IN_PROGRESS', 'QUEUED', 'Pending', 'PENDING_TRANSFER', 'PENDING_ACTIVATION'];

/** A state, by AWS's word for it. */
export function Status({ of }: { of: string | undefined }) {
  if (!of) return <>–</>;
  const type = GOOD.includes(of) ? 'success' : BAD.includes(of) ? 'error' : BUSY.includes(of) ? 'in-progress' : 'stopped';
  return <StatusIndicator type={type}>{of}</StatusIndicator>;
}
