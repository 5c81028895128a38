import { useEffect } from 'react';
import { session, signOut } from './session';

/** Longest time without a key, a click or a touch, milliseconds. */
const IDLE = 30 * 60 * 1000;
const LOOK_EVERY = 5000;
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

/** Signs out who is idle, and who has credentials that ended. */
export function useIdleSignOut(): void {
  useEffect(() => {
    let last = Date.now();
    const seen = () => {
      last = Date.now();
    };
    const look = () => {
      const current = session();
      if (Date.now() - last > IDLE) signOut('You were signed out after 30 minutes without a sign of you.');
      else if (!current || current.expiration <= Date.now()) signOut('Your session is over. Sign in again.');
    };
    const timer = window.setInterval(look, LOOK_EVERY);
    for (const sign of SIGNS) window.addEventListener(sign, seen, { passive: true });
    return () => {
      window.clearInterval(timer);
      for (const sign of SIGNS) window.removeEventListener(sign, seen);
    };
  }, []);
}
