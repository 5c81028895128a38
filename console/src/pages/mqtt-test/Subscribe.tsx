import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import TokenGroup from '@cloudscape-design/components/token-group';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Client, Message } from '../../mqtt/client';
import { saveCsv } from '../../parts/download';
import { ErrorBox } from '../../parts/ErrorBox';
import { tidy } from '../../parts/JsonEditor';
import { Time } from '../../parts/Time';
import { QOS } from './qos';

/** A message with when it came. */
export interface Heard extends Message {
  at: number;
}

const COLUMNS = [
  { header: 'Time', text: (it: Heard) => new Date(it.at).toISOString() },
  { header: 'Topic', text: (it: Heard) => it.topic },
  { header: 'QoS', text: (it: Heard) => String(it.qos) },
  { header: 'Payload', text: (it: Heard) => it.payload },
];

export function Subscribe({ client, heard, clear }: { client: Client | undefined; heard: Heard[]; clear: () => void }) {
  const [filter, setFilter] = useState('#');
  const [qos, setQos] = useState('1');
  const [filters, setFilters] = useState<string[]>([]);
  const [paused, setPaused] = useState<Heard[]>();
  const add = useMutation({
    mutationFn: () => client?.subscribe(filter, Number(qos)) ?? Promise.reject(new Error('Not connected.')),
    onSuccess: () => setFilters((before) => [...before.filter((it) => it !== filter), filter]),
  });
  const remove = (at: number) => {
    const gone = filters[at];
    if (gone !== undefined) client?.unsubscribe(gone);
    setFilters((before) => before.filter((it) => it !== gone));
  };
  const shown = paused ?? heard;
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs" alignItems="center">
              <Toggle checked={paused !== undefined} onChange={({ detail }) => setPaused(detail.checked ? heard : undefined)}>Pause</Toggle>
              <Button disabled={heard.length === 0} onClick={clear}>Clear</Button>
              <Button disabled={heard.length === 0} onClick={() => saveCsv('messages', COLUMNS, shown)}>Export</Button>
            </SpaceBetween>
          }
        >
          Subscribe to a topic
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label="Topic filter" description="A topic, or with wildcards: + is one level, # is the rest.">
          <Input value={filter} onChange={({ detail }) => setFilter(detail.value)} spellcheck={false} />
        </FormField>
        <FormField label="Quality of Service of the subscription">
          <Select selectedOption={QOS.find((it) => it.value === qos) ?? null} options={QOS} onChange={({ detail }) => setQos(detail.selectedOption.value ?? '1')} />
        </FormField>
        <Button loading={add.isPending} disabled={!client || !filter} onClick={() => add.mutate()}>Subscribe</Button>
        <ErrorBox error={add.error} doing="Not subscribed" />
        <TokenGroup items={filters.map((label) => ({ label, dismissLabel: `Unsubscribe from ${label}` }))} onDismiss={({ detail }) => remove(detail.itemIndex)} />
        {shown.length === 0 && <Box color="text-body-secondary">Messages show here as they come, the newest first.</Box>}
        {shown.map((it, at) => (
          <div key={`${it.at} ${shown.length - at}`}>
            <Box variant="small"><b>{it.topic}</b> · <Time at={it.at} /> · QoS {it.qos}{it.retained ? ' · retained' : ''}</Box>
            <pre className="text wrapped" tabIndex={0}>{tidy(it.payload)}</pre>
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
