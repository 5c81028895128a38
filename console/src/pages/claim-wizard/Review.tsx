import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { body, type Draft } from './draft';

function Section({ title, edit, facts }: { title: string; edit: () => void; facts: [string, ReactNode][] }) {
  return (
    <Container header={<Header variant="h2" actions={<Button onClick={edit} ariaLabel={`Edit: ${title}`}>Edit</Button>}>{title}</Header>}>
      <KeyValuePairs columns={2} items={facts.map(([label, value]) => ({ label, value: value || '–' }))} />
    </Container>
  );
}

export function Review({ draft, edit }: { draft: Draft; edit: (step: number) => void }) {
  return (
    <SpaceBetween size="l">
      {draft.policies.length === 0 && <Alert type="warning">No device policy is chosen: devices join, and then may not even connect.</Alert>}
      {!draft.claimPolicy && <Alert type="info">No claim certificate policy was chosen here: devices need a claim certificate that allows this template.</Alert>}
      <Section
        title="Step 1: Describe provisioning template"
        edit={() => edit(0)}
        facts={[
          ['Template status', draft.enabled ? 'Active' : 'Inactive'],
          ['Provisioning template name', draft.name],
          ['Description', draft.description],
          ['Provisioning role', draft.role],
          ['Managed policy', draft.attachManaged ? 'AWSIoTThingsRegistration is attached' : 'as it is'],
          ['Claim certificate policy', draft.claimPolicy],
        ]}
      />
      <Section
        title="Step 2: Set provisioning actions"
        edit={() => edit(1)}
        facts={[
          ['Pre-provisioning hook', draft.hook === 'lambda' ? draft.functionArn : 'none'],
          ['Thing name', draft.createsThing ? `${draft.prefix}{${draft.parameter}}` : 'no thing is made'],
          ['Thing type', draft.thingType],
        ]}
      />
      <Section title="Step 3: Set device permissions" edit={() => edit(2)} facts={[['Policies', draft.policies.join(', ')]]} />
      <Container header={<Header variant="h2">Provisioning template JSON</Header>}>
        <pre className="text" tabIndex={0}>{JSON.stringify(body(draft), null, 2)}</pre>
      </Container>
      <Box color="text-body-secondary">Nothing was registered yet but what you created in the dialogs.</Box>
    </SpaceBetween>
  );
}
