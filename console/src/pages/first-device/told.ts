import type { AuditRecord } from '../../api/own';

/** A step of a device's way in, in words. */
export interface Told {
  at: number;
  client: string;
  text: string;
  /** Why it was refused. */
  refused?: string;
  /** What to do about it. */
  advice?: string;
  /** The thing that the device became. */
  thing?: string;
}

const STEPS: Record<string, string> = {
  Connect: 'Connected',
  CreateCertificateFromCsr: 'Certificate asked for, by a signing request',
  CreateKeysAndCertificate: 'Certificate and keys asked for',
  RegisterThing: 'Registered',
};

const REFUSED: Record<string, string> = {
  Connect: 'Connection',
  CreateCertificateFromCsr: 'Certificate',
  CreateKeysAndCertificate: 'Certificate',
  RegisterThing: 'Registration',
};

/** What a record says of a device that joins by the template; nothing if it is about something else. */
export function told(record: AuditRecord, template: string): Told[] {
  const text = STEPS[record.operation];
  if (!text || !record.clientId) return [];
  const words = (record.resource ?? '').split(' ');
  if (record.operation === 'RegisterThing' && words[0] !== template) return [];
  const common = { at: record.at * 1000, client: record.clientId };
  if (record.outcome === 'Accepted') {
    const thing = words.find((it) => it.startsWith('thing/'))?.slice('thing/'.length);
    return [{ ...common, text: thing ? `${text} as ${thing}` : text, ...(thing ? { thing } : {}) }];
  }
  const refused = [record.code, record.reason].filter(Boolean).join(': ');
  return [{ ...common, text: `${REFUSED[record.operation] ?? text} refused`, refused, advice: advice(record) }];
}

function advice(record: AuditRecord): string {
  const reason = record.reason ?? '';
  if (record.operation === 'Connect') return 'Look at the policies of the certificate: it must be active and allow iot:Connect for this client id.';
  if (/hook/i.test(reason)) return 'The hook decided so: look at its log on the machine, or allow the device there.';
  if (/role/i.test(reason)) return 'Attach AWSIoTThingsRegistration to the provisioning role, or what it lacks.';
  if (record.code === 'InvalidParameters') return 'Send every parameter that the template has, by its exact name.';
  if (/policy|not allowed|not authorized/i.test(reason)) return 'Look at the claim certificate policy: it must name this template.';
  return 'The reason is the server\'s; docs/refusals.md says more about each.';
}
