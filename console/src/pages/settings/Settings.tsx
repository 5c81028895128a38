import { DescribeEventConfigurationsCommand, GetIndexingConfigurationCommand, UpdateIndexingConfigurationCommand } from '@aws-sdk/client-iot';
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import { KINDS, useEndpoint } from '../../api/endpoints';
import { rootCertificate } from '../../api/own';
import { Copyable } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Facts } from '../../parts/Detail';
import { save } from '../../parts/download';
import { ErrorBox } from '../../parts/ErrorBox';
import { useSession } from '../../session/session';

function Endpoint({ kind }: { kind: (typeof KINDS)[number] }) {
  const endpoint = useEndpoint(kind);
  return endpoint.error ? <ErrorBox error={endpoint.error} /> : <Copyable text={endpoint.data} />;
}

export function Settings() {
  const session = useSession();
  const root = useQuery({ queryKey: ['root-certificate'], queryFn: rootCertificate });
  const indexing = useQuery({ queryKey: ['indexing'], queryFn: () => iot().send(new GetIndexingConfigurationCommand({})) });
  const events = useQuery({ queryKey: ['events'], queryFn: () => iot().send(new DescribeEventConfigurationsCommand({})) });
  const mode = indexing.data?.thingIndexingConfiguration?.thingIndexingMode ?? 'OFF';
  const published = Object.entries(events.data?.eventConfigurations ?? {}).filter(([, it]) => it.Enabled).map(([kind]) => kind);
  return (
    <ContentLayout header={<Header variant="h1">Settings</Header>}>
      <SpaceBetween size="l">
        <Facts title="Device data endpoint" facts={KINDS.map((kind) => [kind, <Endpoint kind={kind} />])} />
        <Facts
          title="Account"
          facts={[
            ['Account', <Copyable text={session?.account} />],
            ['Region', session?.region],
            ['You', <Copyable text={session?.arn} />],
            ['Control plane', <Copyable text={window.location.origin} />],
            ['Root CA', root.error ? <ErrorBox error={root.error} /> : <Button iconName="download" disabled={!root.data} onClick={() => save('root-ca.pem', root.data ?? '')}>root-ca.pem</Button>],
          ]}
        />
        <ErrorBox error={indexing.error} doing="Fleet indexing could not be read" />
        <Facts
          title="Fleet indexing"
          facts={[
            ['Things', mode],
            ['Connectivity', indexing.data?.thingIndexingConfiguration?.thingConnectivityIndexingMode ?? 'OFF'],
            ['Search', mode === 'OFF' ? (
              <Confirm
                verb="Turn on"
                name="fleet indexing of things"
                run={() => iot().send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' } }))}
              >
                Things can then be searched by name, type, attributes, groups and whether they are connected.
              </Confirm>
            ) : 'on'],
          ]}
        />
        <ErrorBox error={events.error} doing="The event configurations could not be read" />
        <Facts title="Event-based messages" facts={[['Published', published.join(', ') || 'none']]} />
      </SpaceBetween>
    </ContentLayout>
  );
}
