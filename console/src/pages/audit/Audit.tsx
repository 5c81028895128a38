import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { audit, type AuditRecord } from '../../api/own';
import { useParameter } from '../../app/route';
import { Copyable } from '../../parts/Command';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';

const WHILES = [
  { value: '', label: 'The last hour' },
  { value: '86400', label: 'The last day' },
  { value: '2592000', label: 'The last 30 days' },
];
const HOUR = '3600';
const OUTCOMES = [
  { value: '', label: 'Any outcome' },
  { value: 'accepted', label: 'Accepted' },
  { value: 'denied', label: 'Denied' },
  { value: 'rejected', label: 'Rejected' },
];

export function Audit() {
  const [past, setPast] = useParameter('since');
  const [who, setWho] = useParameter('who');
  const [operation, setOperation] = useParameter('operation');
  const [outcome, setOutcome] = useParameter('outcome');
  return (
    <Listing<AuditRecord>
      title="Audit"
      description="Every call and every decision about a device: who, what, from where, and what it came to. Oldest first."
      list={['audit', past, who, operation, outcome]}
      load={async (nextToken) => {
        const since = Math.floor(Date.now() / 1000) - Number(past || HOUR);
        const found = await audit({ since: String(since), who, operation, outcome, nextToken, maxResults: '100' });
        return { items: found.records, next: found.nextToken };
      }}
      id={(it) => `${it.requestId} ${it.at} ${it.operation}`}
      filter={
        <SpaceBetween direction="horizontal" size="s">
          <FormField label="When">
            <Select selectedOption={WHILES.find((it) => it.value === past) ?? null} options={WHILES} onChange={({ detail }) => setPast(detail.selectedOption.value ?? '')} />
          </FormField>
          <FormField label="Who">
            <Input value={who} placeholder="part of a principal" onChange={({ detail }) => setWho(detail.value)} />
          </FormField>
          <FormField label="Operation">
            <Input value={operation} placeholder="RegisterThing" onChange={({ detail }) => setOperation(detail.value)} />
          </FormField>
          <FormField label="Outcome">
            <Select selectedOption={OUTCOMES.find((it) => it.value === outcome) ?? null} options={OUTCOMES} onChange={({ detail }) => setOutcome(detail.selectedOption.value ?? '')} />
          </FormField>
        </SpaceBetween>
      }
      columns={[
        { header: 'Time', cell: (it) => <Time at={it.at * 1000} />, text: (it) => new Date(it.at * 1000).toISOString() },
        { header: 'Operation', cell: (it) => it.operation, text: (it) => it.operation },
        { header: 'Outcome', cell: (it) => <Status of={it.outcome} />, text: (it) => it.outcome },
        { header: 'Who', cell: (it) => it.principal, text: (it) => it.principal },
        { header: 'Resource', cell: (it) => it.resource ?? '–', text: (it) => it.resource ?? '' },
        { header: 'Why', cell: (it) => [it.code, it.reason].filter(Boolean).join(': ') || '–', text: (it) => [it.code, it.reason].filter(Boolean).join(': ') },
        { header: 'Request', cell: (it) => <Copyable text={it.requestId} />, text: (it) => it.requestId },
      ]}
      empty={<Empty what="No records" why="Nothing of that kind happened in that time." />}
    />
  );
}
