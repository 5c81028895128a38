import { useSyncExternalStore } from 'react';

/** Who is signed in: temporary credentials, never a permanent key. */
export interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Milliseconds since 1970. */
  expiration: number;
  region: string;
  account: string;
  arn: string;
}

const KEY = 'fleetwright-session';
const CHANGED = 'fleetwright:session';

let said = '';
let read: { text: string | null; session: Session | null } = { text: null, session: null };

function stored(): Session | null {
  const text = window.sessionStorage.getItem(KEY);
  if (text !== read.text) read = { text, session: parsed(text) };
  return read.session;
}

function parsed(text: string | null): Session | null {
  try {
    const session = JSON.parse(text ?? 'null') as Session | null;
    return session && session.expiration > Date.now() ? session : null;
  } catch {
    return null;
  }
}

/** The session, if somebody is signed in. */
export function session(): Session | null {
  return stored();
}

export function signIn(session: Session): void {
  said = '';
  window.sessionStorage.setItem(KEY, JSON.stringify(session));
  window.dispatchEvent(new Event(CHANGED));
}

/** Forgets the credentials; `why` is told at the sign-in. */
export function signOut(why: string): void {
  said = why;
  window.sessionStorage.removeItem(KEY);
  window.dispatchEvent(new Event(CHANGED));
}

/** Why the last session ended. */
export function farewell(): string {
  return said;
}

function subscribe(changed: () => void): () => void {
  window.addEventListener(CHANGED, changed);
  return () => window.removeEventListener(CHANGED, changed);
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribe, stored);
}
