import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useEffect, useState } from 'react';
import { Client, type Message } from '../../mqtt/client';
import { ErrorBox } from '../../parts/ErrorBox';
import { Publish } from './Publish';
import { Subscribe, type Heard } from './Subscribe';

/** Messages that are kept; the oldest go first. */
const KEPT = 500;

function randomId(): string {
  return `console-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ''}`;
}

/** Subscribe and publish, as whoever is signed in. */
export function MqttTest() {
  const [clientId] = useState(randomId);
  const [client, setClient] = useState<Client>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  const [heard, setHeard] = useState<Heard[]>([]);
  useEffect(() => {
    let made: Client | undefined;
    let gone = false;
    const listener = {
      message: (message: Message) => setHeard((before) => [{ ...message, at: Date.now() }, ...before].slice(0, KEPT)),
      ended: (why: string) => {
        setClient(undefined);
        setError(new Error(why));
      },
    };
    Client.open(clientId, listener).then(
      (opened) => {
        made = opened;
        if (gone) opened.close();
        else setClient(opened);
      },
      (refused: unknown) => {
        if (!gone) setError(refused);
      },
    );
    return () => {
      gone = true;
      made?.close();
    };
  }, [clientId, attempt]);
  const again = () => {
    setError(undefined);
    setAttempt((before) => before + 1);
  };
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={`Connected by WebSocket as ${clientId}, with your own rights: iot:Connect, iot:Subscribe, iot:Receive, iot:Publish.`}
          actions={client ? <StatusIndicator>Connected</StatusIndicator> : error ? <Button onClick={again}>Connect again</Button> : <StatusIndicator type="loading">Connecting</StatusIndicator>}
        >
          MQTT test client
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ErrorBox error={error} doing="Not connected" />
        {!client && heard.length > 0 && <Alert type="info">What was heard before is still shown.</Alert>}
        <Publish client={client} />
        <Subscribe key={attempt} client={client} heard={heard} clear={() => setHeard([])} />
      </SpaceBetween>
    </ContentLayout>
  );
}
