import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { session } from '../session/session';

/** An error of an operation of our own, in the form of the SDK's. */
class OwnError extends Error {
  $metadata: { requestId: string | undefined; httpStatusCode: number };

  constructor(name: string, message: string, requestId: string | undefined, status: number) {
    super(message);
    this.name = name;
    this.$metadata = { requestId, httpStatusCode: status };
  }
}

interface Request {
  method: 'GET' | 'POST';
  query?: Record<string, string | undefined>;
  body?: string;
}

/** Calls an operation of Fleetwright's own, signed like AWS's. */
async function own<T>(path: string, { method, query = {}, body }: Request): Promise<T> {
  const current = session();
  if (!current) throw new Error('You are signed out.');
  const signer = new SignatureV4({ service: 'iot', region: current.region, credentials: { ...current, expiration: undefined }, sha256: Sha256 });
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const { host, hostname, protocol, port } = window.location;
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    ...(port ? { port: Number(port) } : {}),
    path,
    query: Object.fromEntries(given),
    headers: { host, ...(body ? { 'content-type': 'application/json' } : {}) },
    body,
  });
  // Browsers set it themselves.
  const headers = Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const answer = await fetch(text ? `${path}?${text}` : path, { method, headers, ...(body ? { body } : {}) });
  const told: unknown = await answer.json();
  if (answer.ok) return told as T;
  const name = answer.headers.get('x-amzn-errortype') ?? String(answer.status);
  const message = (told as { message?: string }).message ?? '';
  throw new OwnError(name, message, answer.headers.get('x-amzn-requestid') ?? undefined, answer.status);
}

/** A record of the audit trail. */
export interface AuditRecord {
  at: number;
  principal: string;
  clientId: string | null;
  operation: string;
  resource: string | null;
  parameters: string;
  sourceAddress: string | null;
  outcome: string;
  code: string | null;
  reason: string | null;
  requestId: string;
}

/** A page of the audit trail, oldest first. */
export interface AuditPage {
  records: AuditRecord[];
  /** Where records to come begin. */
  position: number;
  nextToken?: string;
}

export function audit(query: Record<string, string | undefined>): Promise<AuditPage> {
  return own<AuditPage>('/fleetwright/audit', { method: 'GET', query });
}

/** A client that is connected. */
export interface Connection {
  clientId: string;
  connectedSince?: number;
  sourceIp?: string;
  sourcePort?: number;
  mqttVersion?: string;
  certificateId?: string;
  thingName?: string;
  messagesWaiting?: number;
  subscriptions?: { topicFilter: string; qos: number }[];
}

export function connections(nextToken?: string): Promise<{ connections: Connection[]; nextToken?: string }> {
  return own('/fleetwright/connections', { method: 'GET', query: { nextToken } });
}

/** The root CA that devices trust, PEM. */
export async function rootCertificate(): Promise<string> {
  return (await own<{ certificatePem: string }>('/fleetwright/root-certificate', { method: 'GET' })).certificatePem;
}

/** What would become of a device. */
export interface Rehearsal {
  wouldRegister: boolean;
  hook?: { targetArn: string; verdict: string; reason: string | null; durationMillis: number; parameterOverrides: Record<string, string> | null; log: unknown };
  plan?: { thing: { name: string } | null; policies: { name: string }[] };
  role?: { arn: string | null; allows: boolean | null };
  remarks?: string[];
  refused?: { by: string; statusCode: number; errorCode: string; errorMessage: string; cause: string | null };
}

/** Tries a template, its hook and its role with a device that is not there. */
export function tryTemplate(templateName: string, parameters: Record<string, string>): Promise<Rehearsal> {
  return own('/fleetwright/hook-test', { method: 'POST', body: JSON.stringify({ templateName, parameters }) });
}
