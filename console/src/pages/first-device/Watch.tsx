import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { audit, connections, type AuditRecord } from '../../api/own';
import { path } from '../../app/route';
import { ErrorBox } from '../../parts/ErrorBox';
import { Go } from '../../parts/Go';
import { Time } from '../../parts/Time';
import { told, type Told } from './told';

/** How often the trail is read, milliseconds. */
const EVERY = 1500;
/** Records that are shown. */
const SHOWN = 50;
/** Seconds before the page was opened that belong to it: the device may have been quicker. */
const BEFORE = 60;

async function read(since: number): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  let nextToken: string | undefined;
  do {
    const page = await audit({ since: String(since), nextToken, maxResults: '250' });
    records.push(...page.records);
    nextToken = page.nextToken;
  } while (nextToken && records.length < 2000);
  return records;
}

/** Waits for the first device and tells what happens to it, or why it was refused. */
export function Watch({ templateName, enabled }: { templateName: string; enabled: boolean }) {
  const [since] = useState(() => Math.floor(Date.now() / 1000) - BEFORE);
  const trail = useQuery({ queryKey: ['watch', templateName, since], queryFn: () => read(since), refetchInterval: EVERY });
  const steps = (trail.data ?? []).flatMap((record) => told(record, templateName)).slice(-SHOWN);
  const joined = steps.findLast((it) => it.thing);
  return (
    <Container header={<Header variant="h2" description="It looks every other second.">2. Watch it join</Header>}>
      <SpaceBetween size="m">
        <ErrorBox error={trail.error} doing="The audit trail could not be read" />
        {!enabled && <Alert type="warning">This template is inactive: every device is refused until it is activated.</Alert>}
        {joined?.thing ? <Joined thing={joined.thing} /> : <StatusIndicator type="in-progress">Waiting for the first device …</StatusIndicator>}
        <div aria-live="polite">
          <SpaceBetween size="xs">
            {steps.map((step, at) => <Line key={`${step.at} ${at}`} step={step} />)}
          </SpaceBetween>
        </div>
      </SpaceBetween>
    </Container>
  );
}

function Line({ step }: { step: Told }) {
  return (
    <div>
      <StatusIndicator type={step.refused ? 'error' : 'success'}>{step.text}</StatusIndicator>{' '}
      <Box variant="small"><Time at={step.at} /> · {step.client}</Box>
      {step.refused && <Box padding={{ left: 'l' }}>{step.refused}</Box>}
      {step.advice && <Box padding={{ left: 'l' }} color="text-body-secondary">{step.advice}</Box>}
    </div>
  );
}

function Joined({ thing }: { thing: string }) {
  const online = useQuery({ queryKey: ['watch', 'online', thing], queryFn: () => connections(), refetchInterval: EVERY });
  const connected = online.data?.connections.some((it) => it.clientId === thing || it.thingName === thing);
  return (
    <Alert type="success" header={`${thing} joined`}>
      <Go to={path`/things/${thing}`}>Open the thing</Go>. {connected ? 'It is connected with its own certificate.' : 'Its own first connection shows here, too.'}
    </Alert>
  );
}
