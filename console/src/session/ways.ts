import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import type { Session } from './session';

/** Life of the console's credentials, seconds. */
const SECONDS = 12 * 3600;

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

function client(key: Key, region: string): STSClient {
  return new STSClient({ endpoint: window.location.origin, region, credentials: key, maxAttempts: 1 });
}

/** Adds who the credentials are of. */
async function whose(key: Key & { sessionToken: string }, expiration: number, region: string): Promise<Session> {
  const who = await client(key, region).send(new GetCallerIdentityCommand());
  return { ...key, expiration, region, account: who.Account ?? '', arn: who.Arn ?? '' };
}

/** Signs in with the token of a link, which is then used up. */
export async function byLink(token: string): Promise<Session> {
  const answer = await fetch('/fleetwright/console-sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(String(body['message']));
  const text = (name: string) => String(body[name]);
  const key = {
    accessKeyId: text('accessKeyId'),
    secretAccessKey: text('secretAccessKey'),
    sessionToken: text('sessionToken'),
  };
  return whose(key, Number(body['expiration']) * 1000, text('region'));
}

/** Signs in with an access key: what is kept are temporary credentials that STS gives for it. */
export async function byKey(accessKeyId: string, secretAccessKey: string, region: string): Promise<Session> {
  const sts = client({ accessKeyId, secretAccessKey }, region);
  const { Credentials: made } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: SECONDS }));
  const key = {
    accessKeyId: made?.AccessKeyId ?? '',
    secretAccessKey: made?.SecretAccessKey ?? '',
    sessionToken: made?.SessionToken ?? '',
  };
  return whose(key, made?.Expiration?.getTime() ?? 0, region);
}

/** The key and the region in a shared-credentials file. */
export function ofFile(text: string): { id: string; secret: string; region: string | undefined } | undefined {
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1];
  const [id, secret] = [value('aws_access_key_id'), value('aws_secret_access_key')];
  return id && secret ? { id, secret, region: value('region') } : undefined;
}
