import { GetThingShadowCommand, ListNamedShadowsForThingCommand } from '@aws-sdk/client-iot-data-plane';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useQuery } from '@tanstack/react-query';
import { iotData } from '../../api/clients';
import { isAbsent } from '../../api/problem';
import { ErrorBox } from '../../parts/ErrorBox';
import { tidy } from '../../parts/JsonEditor';
import { Empty } from '../../parts/Listing';

/** Named shadows that are shown; more are a case for the command line. */
const SHADOWS = 25;

interface Shadow {
  name: string;
  document: string;
}

async function document(thingName: string, shadowName?: string): Promise<Shadow[]> {
  try {
    const data = await iotData();
    const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName }));
    return [{ name: shadowName ?? 'Classic Shadow', document: tidy(new TextDecoder().decode(payload)) }];
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function load(thingName: string): Promise<Shadow[]> {
  const data = await iotData();
  const { results = [] } = await data.send(new ListNamedShadowsForThingCommand({ thingName, pageSize: SHADOWS }));
  const all = await Promise.all([document(thingName), ...results.map((name) => document(thingName, name))]);
  return all.flat();
}

export function Shadows({ thingName }: { thingName: string }) {
  const found = useQuery({ queryKey: ['thing', thingName, 'shadows'], queryFn: () => load(thingName) });
  if (found.isPending) return <Spinner />;
  if (found.error) return <ErrorBox error={found.error} doing="The shadows could not be read" />;
  if (found.data.length === 0) return <Empty what="No shadows" why="A shadow keeps what a device reported and what is desired of it, while it is away." />;
  return (
    <SpaceBetween size="m">
      {found.data.map(({ name, document }) => (
        <ExpandableSection key={name} headerText={name} defaultExpanded variant="container">
          <pre className="text" tabIndex={0}>{document}</pre>
        </ExpandableSection>
      ))}
    </SpaceBetween>
  );
}
