import { DeleteThingCommand, DescribeThingCommand, ListJobExecutionsForThingCommand, ListThingGroupsForThingCommand, ListThingPrincipalsCommand } from '@aws-sdk/client-iot';
import Tabs from '@cloudscape-design/components/tabs';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import type { PageProps } from '../../app/pages';
import { go, path, useParameter } from '../../app/route';
import { Copyable } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Detail, Facts } from '../../parts/Detail';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { Shadows } from './Shadows';

export function Thing({ names: [name = ''] }: PageProps) {
  const [tab, setTab] = useParameter('tab');
  const thing = useQuery({ queryKey: ['thing', name], queryFn: () => iot().send(new DescribeThingCommand({ thingName: name })) });
  const attributes = Object.entries(thing.data?.attributes ?? {});
  return (
    <Detail
      name={name}
      above={['Things', '/things']}
      query={thing}
      actions={
        <Confirm verb="Delete" name={name} typed run={() => iot().send(new DeleteThingCommand({ thingName: name }))} done={() => go('/things')}>
          The thing is gone then, with its attributes and shadows. Its certificates stay.
        </Confirm>
      }
    >
      {() => (
        <>
          <Facts
            title="Thing details"
            facts={[
              ['Name', <Copyable text={name} />],
              ['Type', thing.data?.thingTypeName],
              ['ARN', <Copyable text={thing.data?.thingArn} />],
              ['Billing group', thing.data?.billingGroupName],
              ['Version', thing.data?.version?.toString()],
            ]}
          />
          <Tabs
            activeTabId={tab || 'attributes'}
            onChange={({ detail }) => setTab(detail.activeTabId)}
            tabs={[
              {
                id: 'attributes',
                label: 'Attributes',
                content: attributes.length ? <Facts title="Attributes" facts={attributes} /> : <Empty what="No attributes" why="They are what things are searched by." />,
              },
              { id: 'certificates', label: 'Certificates', content: <Certificates thingName={name} /> },
              { id: 'groups', label: 'Thing groups', content: <Groups thingName={name} /> },
              { id: 'shadows', label: 'Device Shadows', content: <Shadows thingName={name} /> },
              { id: 'jobs', label: 'Jobs', content: <Jobs thingName={name} /> },
            ]}
          />
        </>
      )}
    </Detail>
  );
}

function Certificates({ thingName }: { thingName: string }) {
  return (
    <Listing<string>
      title="Certificates"
      list={['thing', thingName, 'principals']}
      load={async (nextToken) => {
        const found = await iot().send(new ListThingPrincipalsCommand({ thingName, nextToken }));
        return { items: found.principals ?? [], next: found.nextToken };
      }}
      id={(it) => it}
      columns={[{
        header: 'Certificate',
        cell: (it) => (it.includes(':cert/') ? <Go to={path`/certificates/${it.split('/').pop() ?? ''}`}>{it.split('/').pop()}</Go> : it),
        text: (it) => it,
      }]}
      empty={<Empty what="No certificates" why="Without one, no device can be this thing." />}
    />
  );
}

function Groups({ thingName }: { thingName: string }) {
  return (
    <Listing<string>
      title="Thing groups"
      list={['thing', thingName, 'groups']}
      load={async (nextToken) => {
        const found = await iot().send(new ListThingGroupsForThingCommand({ thingName, nextToken }));
        return { items: (found.thingGroups ?? []).map((it) => it.groupName ?? ''), next: found.nextToken };
      }}
      id={(it) => it}
      columns={[{ header: 'Group', cell: (it) => it, text: (it) => it }]}
      empty={<Empty what="No groups" why="Groups have policies and jobs in common." />}
    />
  );
}

function Jobs({ thingName }: { thingName: string }) {
  return (
    <Listing
      title="Jobs"
      list={['thing', thingName, 'jobs']}
      load={async (nextToken) => {
        const found = await iot().send(new ListJobExecutionsForThingCommand({ thingName, nextToken }));
        return { items: found.executionSummaries ?? [], next: found.nextToken };
      }}
      id={(it) => it.jobId ?? ''}
      columns={[
        { header: 'Job', cell: (it) => <Go to={path`/jobs/${it.jobId ?? ''}`}>{it.jobId}</Go>, text: (it) => it.jobId ?? '' },
        { header: 'Status', cell: (it) => <Status of={it.jobExecutionSummary?.status} />, text: (it) => it.jobExecutionSummary?.status ?? '' },
        { header: 'Last updated', cell: (it) => <Time at={it.jobExecutionSummary?.lastUpdatedAt} />, text: (it) => it.jobExecutionSummary?.lastUpdatedAt?.toISOString() ?? '' },
      ]}
      empty={<Empty what="No jobs" why="A job tells devices to do something, once." />}
    />
  );
}
