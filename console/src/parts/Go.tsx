import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { link } from '../app/route';

/** A link to another page. */
export function Go({ to, children }: { to: string; children: ReactNode }) {
  return <Link {...link(to)}>{children}</Link>;
}

/** A button to another page. */
export function GoButton({ to, children, ...button }: ButtonProps & { to: string }) {
  return <Button {...button} {...link(to)}>{children}</Button>;
}
