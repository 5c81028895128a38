import { ListCertificatesCommand, ListPoliciesCommand, ListProvisioningTemplatesCommand, ListThingsCommand } from '@aws-sdk/client-iot';
import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import { useEndpoint } from '../../api/endpoints';
import { connections } from '../../api/own';
import { problem } from '../../api/problem';
import { Copyable } from '../../parts/Command';
import { ErrorBox } from '../../parts/ErrorBox';
import { Go, GoButton } from '../../parts/Go';

/** A list is counted up to here; more are "and more". */
const MOST = 250;
/** How often it is counted again, milliseconds. */
const EVERY = 10_000;

interface Count {
  title: string;
  path: string;
  count: () => Promise<[number, boolean]>;
}

const COUNTS: Count[] = [
  {
    title: 'Things',
    path: '/things',
    count: async () => {
      const { things = [], nextToken } = await iot().send(new ListThingsCommand({ maxResults: MOST }));
      return [things.length, Boolean(nextToken)];
    },
  },
  {
    title: 'Connected now',
    path: '/connections',
    count: async () => {
      const found = await connections();
      return [found.connections.length, Boolean(found.nextToken)];
    },
  },
  {
    title: 'Provisioning templates',
    path: '/templates',
    count: async () => {
      const { templates = [], nextToken } = await iot().send(new ListProvisioningTemplatesCommand({ maxResults: MOST }));
      return [templates.length, Boolean(nextToken)];
    },
  },
  {
    title: 'Certificates',
    path: '/certificates',
    count: async () => {
      const { certificates = [], nextMarker } = await iot().send(new ListCertificatesCommand({ pageSize: MOST }));
      return [certificates.length, Boolean(nextMarker)];
    },
  },
  {
    title: 'Policies',
    path: '/policies',
    count: async () => {
      const { policies = [], nextMarker } = await iot().send(new ListPoliciesCommand({ pageSize: MOST }));
      return [policies.length, Boolean(nextMarker)];
    },
  },
];

function useCount({ title, count }: Count) {
  return useQuery({ queryKey: ['count', title], queryFn: count, refetchInterval: EVERY });
}

function Counted({ of }: { of: Count }) {
  const counted = useCount(of);
  const [count, more] = counted.data ?? [0, false];
  return (
    <div>
      <Box variant="awsui-key-label">{of.title}</Box>
      {counted.error ? (
        <StatusIndicator type="warning">{problem(counted.error).code}</StatusIndicator>
      ) : (
        <Box fontSize="display-l" fontWeight="bold"><Go to={of.path}>{counted.data ? `${count}${more ? '+' : ''}` : '…'}</Go></Box>
      )}
    </div>
  );
}

export function Overview() {
  const endpoint = useEndpoint('iot:Data-ATS');
  const things = useCount(COUNTS[0] as Count);
  const templates = useCount(COUNTS[2] as Count);
  const steps: [string, boolean, string, string][] = [
    ['Create a provisioning template', (templates.data?.[0] ?? 0) > 0, '/templates/create', 'Devices with a claim certificate become things by it.'],
    ['Bring the first device in', (things.data?.[0] ?? 0) > 0, '/templates', 'The template has the commands of a device, and watches for it.'],
  ];
  return (
    <ContentLayout header={<Header variant="h1" description="Devices join by a provisioning template, and then are themselves.">Overview</Header>}>
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Fleet</Header>}>
          <ColumnLayout columns={COUNTS.length} minColumnWidth={150}>
            {COUNTS.map((count) => <Counted key={count.title} of={count} />)}
          </ColumnLayout>
        </Container>
        <Container header={<Header variant="h2" description="Where devices connect, by MQTT over TLS.">Device data endpoint</Header>}>
          <ErrorBox error={endpoint.error} />
          {endpoint.data && <Copyable text={endpoint.data} />}
        </Container>
        <Container header={<Header variant="h2" actions={<GoButton to="/templates/create" variant="primary">Connect many devices</GoButton>}>Get started</Header>}>
          <SpaceBetween size="s">
            {steps.map(([text, done, path, why]) => (
              <div key={text}>
                <StatusIndicator type={done ? 'success' : 'pending'}>{done ? text : <Go to={path}>{text}</Go>}</StatusIndicator>
                <Box color="text-body-secondary" padding={{ left: 'l' }}>{why}</Box>
              </div>
            ))}
          </SpaceBetween>
        </Container>
      </SpaceBetween>
    </ContentLayout>
  );
}
