import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Tabs from '@cloudscape-design/components/tabs';
import { command, type Asked } from './cli';
import { Command } from './Command';

/** What is about to be sent, as JSON and for AWS's command line. */
export function RequestShown({ requests }: { requests: Asked[] }) {
  const json = requests.map(({ operation, input }) => `${operation}\n${JSON.stringify(input, null, 2)}`);
  const commands = requests.map(command);
  return (
    <Container header={<Header variant="h3" description="It changes as you fill in the form.">What will be sent</Header>}>
      {requests.length === 0 ? (
        <Box color="text-body-secondary">Nothing yet.</Box>
      ) : (
        <Tabs
          ariaLabel="Form of the requests"
          tabs={[
            { id: 'cli', label: 'CLI', content: <Command text={commands.join('\n\n')} /> },
            { id: 'json', label: 'JSON', content: <Command text={json.join('\n\n')} /> },
          ]}
        />
      )}
    </Container>
  );
}
