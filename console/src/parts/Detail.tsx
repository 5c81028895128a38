import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import type { ReactNode } from 'react';
import { BASE, go } from '../app/route';
import { ErrorBox } from './ErrorBox';

interface Query {
  isPending: boolean;
  error: unknown;
}

/** The page of one resource. */
export function Detail(props: { name: string; above: [string, string]; query: Query; actions?: ReactNode; children: () => ReactNode }) {
  const [list, listPath] = props.above;
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[{ text: list, href: BASE + listPath }, { text: props.name, href: '#' }]}
          onFollow={(event) => {
            event.preventDefault();
            if (event.detail.href !== '#') go(event.detail.href.slice(BASE.length));
          }}
        />
      }
      header={<Header variant="h1" actions={props.actions}>{props.name}</Header>}
    >
      <SpaceBetween size="l">
        <ErrorBox error={props.query.error} doing="It could not be read" />
        {props.query.isPending ? <Spinner size="large" /> : !props.query.error && <div className="stack">{props.children()}</div>}
      </SpaceBetween>
    </ContentLayout>
  );
}

/** What is known of it. */
export function Facts({ title, facts }: { title: string; facts: [string, ReactNode][] }) {
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <KeyValuePairs columns={3} items={facts.map(([label, value]) => ({ label, value: value ?? '–' }))} />
    </Container>
  );
}
