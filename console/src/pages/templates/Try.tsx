import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { tryTemplate, type Rehearsal } from '../../api/own';
import { Command } from '../../parts/Command';
import { Facts } from '../../parts/Detail';
import { ErrorBox } from '../../parts/ErrorBox';
import { parametersOf } from '../first-device/commands';

/** A device that is not there: what hook, template and role would make of it. */
export function Try({ templateName, templateBody }: { templateName: string; templateBody: string }) {
  const names = parametersOf(templateBody);
  const [values, setValues] = useState<Record<string, string>>({});
  const attempt = useMutation({ mutationFn: () => tryTemplate(templateName, values) });
  const options = Object.entries(values).map(([name, value]) => ` \\\n    --parameter ${name}=${value}`);
  return (
    <Container header={<Header variant="h2" description="Hook, template and role are asked as for a real device. Nothing is registered.">Sample device</Header>}>
      <SpaceBetween size="m">
        {names.map((name) => (
          <FormField key={name} label={name}>
            <Input value={values[name] ?? ''} onChange={({ detail }) => setValues((before) => ({ ...before, [name]: detail.value }))} spellcheck={false} />
          </FormField>
        ))}
        <Button variant="primary" loading={attempt.isPending} onClick={() => attempt.mutate()}>Try it</Button>
        <ErrorBox error={attempt.error} doing="It could not be tried" />
        {attempt.data && <Outcome of={attempt.data} />}
        <Command text={`fleetwright hook test --template ${templateName}${options.join('')}`} />
      </SpaceBetween>
    </Container>
  );
}

function Outcome({ of }: { of: Rehearsal }) {
  const { hook, plan, role, refused } = of;
  return (
    <SpaceBetween size="m">
      {of.wouldRegister ? (
        <Alert type="success" header="It would be registered">{plan?.thing ? `As ${plan.thing.name}.` : 'Without a thing.'}</Alert>
      ) : (
        <Alert type="error" header={`It would be refused by the ${refused?.by ?? 'server'}: ${refused?.errorCode ?? ''}`}>
          {refused?.errorMessage} {refused?.cause}
        </Alert>
      )}
      <Facts
        title="Step by step"
        facts={[
          ['Hook', hook ? `${hook.verdict}${hook.reason ? `: ${hook.reason}` : ''}, in ${hook.durationMillis} ms` : 'none'],
          ['Parameters that the hook set', Object.entries(hook?.parameterOverrides ?? {}).map(([name, value]) => `${name}=${value}`).join(' ') || 'none'],
          ['Thing', plan?.thing?.name],
          ['Policies', plan?.policies.map((it) => it.name).join(', ')],
          ['Role allows it', role?.allows === true ? 'yes' : role?.allows === false ? 'no' : 'not asked'],
          ['Remarks', of.remarks?.join(' ')],
        ]}
      />
    </SpaceBetween>
  );
}
