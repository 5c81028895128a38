import { ListThingsCommand, SearchIndexCommand } from '@aws-sdk/client-iot';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useEffect, useState } from 'react';
import { iot } from '../../api/clients';
import { path, useParameter } from '../../app/route';
import { Command } from '../../parts/Command';
import { Go } from '../../parts/Go';
import { Empty, Listing, type Slice } from '../../parts/Listing';
import { CreateThing } from './CreateThing';

interface Row {
  name: string;
  type: string | undefined;
  attributes: Record<string, string>;
}

const ROWS = 50;
/** A pause in typing, after which the server is asked. */
const PAUSE = 400;

/** All things, or those that a query of fleet indexing finds. */
async function load(query: string, nextToken: string | undefined): Promise<Slice<Row>> {
  if (!query) {
    const found = await iot().send(new ListThingsCommand({ maxResults: ROWS, nextToken }));
    const items = (found.things ?? []).map((it) => ({ name: it.thingName ?? '', type: it.thingTypeName, attributes: it.attributes ?? {} }));
    return { items, next: found.nextToken };
  }
  const queryString = /[:*\s]/.test(query) ? query : `thingName:${query}*`;
  const found = await iot().send(new SearchIndexCommand({ queryString, maxResults: ROWS, nextToken }));
  const items = (found.things ?? []).map((it) => ({ name: it.thingName ?? '', type: it.thingTypeName, attributes: it.attributes ?? {} }));
  return { items, next: found.nextToken };
}

function shown(attributes: Record<string, string>): string {
  return Object.entries(attributes).map(([name, value]) => `${name}=${value}`).join(' ');
}

export function Things() {
  const [query, setQuery] = useParameter('query');
  const [typed, setTyped] = useState(query);
  useEffect(() => {
    const timer = window.setTimeout(() => typed !== query && setQuery(typed), PAUSE);
    return () => window.clearTimeout(timer);
  });
  return (
    <Listing<Row>
      title="Things"
      description="Your devices in the registry."
      list={['things', query]}
      load={(token) => load(query, token)}
      id={(it) => it.name}
      actions={<CreateThing />}
      filter={
        <TextFilter
          filteringText={typed}
          filteringPlaceholder="Beginning of a name, or a query such as attributes.version:v1 (needs fleet indexing)"
          filteringAriaLabel="Search things"
          onChange={({ detail }) => setTyped(detail.filteringText)}
        />
      }
      columns={[
        { header: 'Name', cell: (it) => <Go to={path`/things/${it.name}`}>{it.name}</Go>, text: (it) => it.name },
        { header: 'Thing type', cell: (it) => it.type ?? '–', text: (it) => it.type ?? '' },
        { header: 'Attributes', cell: (it) => shown(it.attributes) || '–', text: (it) => shown(it.attributes) },
      ]}
      empty={
        query ? (
          <Empty what="Nothing matches" why="The query of fleet indexing found no thing." />
        ) : (
          <Empty what="No things" why="A thing is a device's place in the registry. Templates make them when devices join.">
            <Command text="aws iot create-thing --thing-name sensor-1" />
          </Empty>
        )
      }
    />
  );
}
