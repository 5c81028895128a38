import { DeleteConnectionCommand } from '@aws-sdk/client-iot-data-plane';
import { iotData } from '../../api/clients';
import { connections, type Connection } from '../../api/own';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Time } from '../../parts/Time';

/** How often who is connected is looked at, milliseconds. */
const EVERY = 5000;

function filters(it: Connection): string {
  return (it.subscriptions ?? []).map(({ topicFilter }) => topicFilter).join(' ');
}

export function Connections() {
  return (
    <Listing<Connection>
      title="Connections"
      description="Clients that are connected now."
      list={['connections']}
      every={EVERY}
      load={async (token) => {
        const found = await connections(token);
        return { items: found.connections, next: found.nextToken };
      }}
      id={(it) => it.clientId}
      columns={[
        { header: 'Client ID', cell: (it) => it.clientId, text: (it) => it.clientId },
        { header: 'Since', cell: (it) => <Time at={it.connectedSince} />, text: (it) => String(it.connectedSince ?? '') },
        { header: 'From', cell: (it) => `${it.sourceIp}:${it.sourcePort}`, text: (it) => `${it.sourceIp}:${it.sourcePort}` },
        { header: 'MQTT', cell: (it) => it.mqttVersion ?? '–', text: (it) => it.mqttVersion ?? '' },
        { header: 'Subscriptions', cell: (it) => filters(it) || '–', text: filters },
        {
          header: 'Certificate',
          cell: (it) => (it.certificateId ? <Go to={path`/certificates/${it.certificateId}`}>{it.certificateId.slice(0, 12)}…</Go> : '–'),
          text: (it) => it.certificateId ?? '',
        },
        {
          header: 'Actions',
          cell: (it) => (
            <Confirm verb="Disconnect" name={it.clientId} run={async () => (await iotData()).send(new DeleteConnectionCommand({ clientId: it.clientId }))}>
              A device connects again by itself: to keep it away, deactivate its certificate.
            </Confirm>
          ),
          text: () => '',
        },
      ]}
      empty={
        <Empty what="Nobody is connected" why="Devices show here as soon as they connect.">
          <Command text="fleetwright connections" />
        </Empty>
      }
    />
  );
}
