import AppLayout from '@cloudscape-design/components/app-layout';
import Box from '@cloudscape-design/components/box';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import TopNavigation from '@cloudscape-design/components/top-navigation';
import { Suspense, useEffect, useState } from 'react';
import { signOut, type Session } from '../session/session';
import { useIdleSignOut } from '../session/idle';
import { Boundary } from './Boundary';
import { find } from './pages';
import { BASE, go, useRoute } from './route';

function to(text: string, path: string): SideNavigationProps.Link {
  return { type: 'link', text, href: BASE + path };
}

const NAVIGATION: SideNavigationProps.Item[] = [
  to('Overview', '/'),
  { type: 'section', text: 'Connect', items: [to('Provisioning templates', '/templates')] },
  { type: 'section', text: 'Fleet', items: [to('Things', '/things'), to('Jobs', '/jobs'), to('Connections', '/connections')] },
  { type: 'section', text: 'Security', items: [to('Certificates', '/certificates'), to('Policies', '/policies')] },
  { type: 'section', text: 'Test', items: [to('MQTT test client', '/mqtt-test')] },
  to('Functions', '/functions'),
  { type: 'section', text: 'Access', items: [to('Roles', '/roles')] },
  to('Audit', '/audit'),
  to('Settings', '/settings'),
];

/** The pages with what surrounds them. */
export function Frame({ session }: { session: Session }) {
  const route = useRoute();
  const [open, setOpen] = useState(() => window.innerWidth > 900);
  // The wizard needs the room: there the navigation is closed until it is asked for.
  const [inWizard, setInWizard] = useState(false);
  useIdleSignOut();
  const found = find(route);
  const title = found ? [...found.names, found.page.title].join(' · ') : 'Not found';
  useEffect(() => {
    document.title = `${title} · Fleetwright`;
  }, [title]);
  const Content = found?.page.component;
  const isWizard = found?.page.path === '/templates/create';
  const section = '/' + (route.split('?')[0]?.split('/')[1] ?? '');
  return (
    <>
      <div id="top">
        <TopNavigation
          identity={{ href: `${BASE}/`, title: 'Fleetwright', onFollow: (event) => { event.preventDefault(); go('/'); } }}
          utilities={[
            { type: 'button', text: session.region, disableUtilityCollapse: false, iconName: 'location-pin', ariaLabel: `Region ${session.region}` },
            {
              type: 'menu-dropdown',
              text: session.arn.split('/').pop() ?? session.arn,
              description: session.arn,
              iconName: 'user-profile',
              items: [{ id: 'out', text: 'Sign out' }],
              onItemClick: () => signOut('You are signed out.'),
            },
          ]}
        />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        navigationOpen={isWizard ? inWizard : open}
        onNavigationChange={({ detail }) => (isWizard ? setInWizard : setOpen)(detail.open)}
        navigation={
          <SideNavigation
            activeHref={BASE + section}
            header={{ href: `${BASE}/`, text: 'Fleetwright' }}
            items={NAVIGATION}
            onFollow={(event) => {
              event.preventDefault();
              go(event.detail.href.slice(BASE.length));
              if (window.innerWidth <= 900) setOpen(false);
            }}
          />
        }
        content={
          <Boundary key={route.split('?')[0]}>
            <Suspense fallback={<Spinner size="large" />}>
              {Content ? <Content names={found.names} /> : <Box variant="h1">There is no such page.</Box>}
            </Suspense>
          </Boundary>
        }
      />
    </>
  );
}
