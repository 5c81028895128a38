import Alert from '@cloudscape-design/components/alert';
import { problem } from '../api/problem';
import { Copyable } from './Command';

/** An error: AWS's code, the server's message, the id of the request. Nothing without one. */
export function ErrorBox({ error, doing }: { error: unknown; doing?: string }) {
  if (!error) return null;
  const { code, message, requestId } = problem(error);
  return (
    <Alert type="error" header={doing ? `${doing}: ${code}` : code}>
      {message}
      {requestId && <div>Request <Copyable text={requestId} /></div>}
    </Alert>
  );
}
