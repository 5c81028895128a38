import { useSyncExternalStore } from 'react';

/** Where the console is; every page is below it. */
export const BASE = '/console';

const CHANGED = 'fleetwright:route';

/** Goes to a page, given by its path below the base: '/things/a'. */
export function go(path: string): void {
  window.history.pushState(null, '', BASE + path);
  window.dispatchEvent(new Event(CHANGED));
  window.scrollTo(0, 0);
}

/** The same without a step in the history. */
export function replace(path: string): void {
  window.history.replaceState(null, '', BASE + path);
  window.dispatchEvent(new Event(CHANGED));
}

/** What a link needs to stay on this page when it is followed. */
export function link(path: string): { href: string; onFollow: (event: CustomEvent) => void } {
  return {
    href: BASE + path,
    // Cloudscape calls it only for a click without modifier keys.
    onFollow: (event) => {
      event.preventDefault();
      go(path);
    },
  };
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  window.addEventListener(CHANGED, changed);
  return () => {
    window.removeEventListener('popstate', changed);
    window.removeEventListener(CHANGED, changed);
  };
}

function current(): string {
  const { pathname, search } = window.location;
  return pathname.slice(BASE.length) + search;
}

/** The path below the base with its query. */
export function useRoute(): string {
  return useSyncExternalStore(subscribe, current);
}

/** A filter that stands in the address, so that links and reloads keep it. */
export function useParameter(name: string): [string, (value: string) => void] {
  const route = useRoute();
  const [path = '', query = ''] = route.split('?');
  const parameters = new URLSearchParams(query);
  const set = (value: string) => {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
    const text = parameters.toString();
    replace(text ? `${path}?${text}` : path);
  };
  return [parameters.get(name) ?? '', set];
}

/** A path with names in it, each encoded. */
export function path(strings: TemplateStringsArray, ...names: string[]): string {
  return strings.reduce((all, text, at) => all + encodeURIComponent(names[at - 1] ?? '') + text);
}
