import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Textarea from '@cloudscape-design/components/textarea';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Client } from '../../mqtt/client';
import { ErrorBox } from '../../parts/ErrorBox';
import { QOS } from './qos';

export function Publish({ client }: { client: Client | undefined }) {
  const [topic, setTopic] = useState('');
  const [payload, setPayload] = useState('{\n  "message": "Hello from the console"\n}');
  const [qos, setQos] = useState('1');
  const [retain, setRetain] = useState(false);
  const send = useMutation({ mutationFn: () => client?.publish(topic, payload, Number(qos), retain) ?? Promise.reject(new Error('Not connected.')) });
  return (
    <Container header={<Header variant="h2">Publish to a topic</Header>}>
      <SpaceBetween size="m">
        <FormField label="Topic name">
          <Input value={topic} placeholder="fleet/sensor-1/telemetry" onChange={({ detail }) => setTopic(detail.value)} spellcheck={false} />
        </FormField>
        <FormField label="Message payload" stretch>
          <div className="json">
            <Textarea value={payload} rows={4} onChange={({ detail }) => setPayload(detail.value)} spellcheck={false} />
          </div>
        </FormField>
        <FormField label="Quality of Service">
          <Select selectedOption={QOS.find((it) => it.value === qos) ?? null} options={QOS} onChange={({ detail }) => setQos(detail.selectedOption.value ?? '1')} />
        </FormField>
        <Checkbox checked={retain} onChange={({ detail }) => setRetain(detail.checked)}>Retain message on this topic</Checkbox>
        <SpaceBetween direction="horizontal" size="s" alignItems="center">
          <Button variant="primary" loading={send.isPending} disabled={!client || !topic} onClick={() => send.mutate()}>Publish</Button>
          {send.isSuccess && <StatusIndicator>Published</StatusIndicator>}
        </SpaceBetween>
        <ErrorBox error={send.error} doing="Not published" />
      </SpaceBetween>
    </Container>
  );
}
