import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

/** What a page is given: the names in its path, in their order. */
export interface PageProps {
  names: string[];
}

export interface Page {
  /** Its path below the base; `*` is a name. */
  path: string;
  title: string;
  component: LazyExoticComponent<ComponentType<PageProps>>;
}

type Module = Record<string, ComponentType<PageProps>>;

function page(path: string, title: string, name: string, load: () => Promise<Module>): Page {
  const component = lazy(async () => {
    const found = (await load())[name];
    if (!found) throw new Error(`no page ${name}`);
    return { default: found };
  });
  return { path, title, component };
}

export const PAGES: Page[] = [
  page('/', 'Overview', 'Overview', () => import('../pages/overview/Overview')),
  page('/templates', 'Provisioning templates', 'Templates', () => import('../pages/templates/Templates')),
  page('/templates/create', 'Create provisioning template', 'ClaimWizard', () => import('../pages/claim-wizard/ClaimWizard')),
  page('/templates/*', 'Provisioning template', 'Template', () => import('../pages/templates/Template')),
  page('/templates/*/first-device', 'First device', 'FirstDevice', () => import('../pages/first-device/FirstDevice')),
  page('/things', 'Things', 'Things', () => import('../pages/things/Things')),
  page('/things/*', 'Thing', 'Thing', () => import('../pages/things/Thing')),
  page('/jobs', 'Jobs', 'Jobs', () => import('../pages/jobs/Jobs')),
  page('/jobs/*', 'Job', 'Job', () => import('../pages/jobs/Job')),
  page('/connections', 'Connections', 'Connections', () => import('../pages/connections/Connections')),
  page('/certificates', 'Certificates', 'Certificates', () => import('../pages/certificates/Certificates')),
  page('/certificates/*', 'Certificate', 'Certificate', () => import('../pages/certificates/Certificate')),
  page('/policies', 'Policies', 'Policies', () => import('../pages/policies/Policies')),
  page('/policies/*', 'Policy', 'Policy', () => import('../pages/policies/Policy')),
  page('/mqtt-test', 'MQTT test client', 'MqttTest', () => import('../pages/mqtt-test/MqttTest')),
  page('/functions', 'Functions', 'Functions', () => import('../pages/functions/Functions')),
  page('/roles', 'Roles', 'Roles', () => import('../pages/roles/Roles')),
  page('/audit', 'Audit', 'Audit', () => import('../pages/audit/Audit')),
  page('/settings', 'Settings', 'Settings', () => import('../pages/settings/Settings')),
];

/** The page of a path, with the names in it. */
export function find(path: string): { page: Page; names: string[] } | undefined {
  const asked = (path.split('?')[0] ?? '').replace(/\/+$/, '') || '/';
  const segments = asked.split('/');
  const fitting = PAGES.filter(({ path }) => {
    const own = path.split('/');
    return own.length === segments.length && own.every((word, at) => word === '*' || word === segments[at]);
  });
  // A path of words beats one that takes a word for a name.
  const page = fitting.find(({ path }) => !path.includes('*')) ?? fitting[0];
  if (!page) return undefined;
  const own = page.path.split('/');
  return { page, names: segments.filter((_, at) => own[at] === '*').map(decoded) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
