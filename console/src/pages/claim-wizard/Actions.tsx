import { ListThingTypesCommand } from '@aws-sdk/client-iot';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { useQuery } from '@tanstack/react-query';
import { iot, lambda } from '../../api/clients';
import { ErrorBox } from '../../parts/ErrorBox';
import { CreateFunction } from '../functions/CreateFunction';
import type { StepProps } from './draft';

export function Actions(props: StepProps) {
  return (
    <SpaceBetween size="l">
      <Hook {...props} />
      <ThingActions {...props} />
    </SpaceBetween>
  );
}

function Hook({ draft, change }: StepProps) {
  const functions = useQuery({ queryKey: ['functions', 'names'], queryFn: async () => (await lambda()).send(new ListFunctionsCommand({ MaxItems: 50 })) });
  const options = (functions.data?.Functions ?? []).map((it) => ({ value: it.FunctionArn ?? '', label: it.FunctionName ?? '', description: it.Runtime ?? '' }));
  return (
    <Container header={<Header variant="h2" description="A hook is asked with the device's parameters, and decides whether it may join.">Pre-provisioning actions</Header>}>
      <SpaceBetween size="m">
        <FormField label="Pre-provisioning hook">
          <RadioGroup
            value={draft.hook}
            onChange={({ detail }) => change({ hook: detail.value === 'lambda' ? 'lambda' : 'none' })}
            items={[
              { value: 'lambda', label: 'Use a Lambda function', description: 'AWS IoT is given the permission to invoke it.' },
              { value: 'none', label: 'None', description: 'Whoever has a claim certificate may join. A leaked one is enough.' },
            ]}
          />
        </FormField>
        {draft.hook === 'lambda' && (
          <>
            <ErrorBox error={functions.error} doing="The functions could not be listed" />
            <FormField label="Lambda function">
              <Select
                selectedOption={options.find((it) => it.value === draft.functionArn) ?? null}
                options={options}
                filteringType="auto"
                placeholder="Choose a function"
                empty="There are no functions"
                onChange={({ detail }) => change({ functionArn: detail.selectedOption.value ?? '' })}
              />
            </FormField>
            <CreateFunction button="Create a Lambda function" done={(functionArn) => change({ functionArn })} />
          </>
        )}
      </SpaceBetween>
    </Container>
  );
}

function ThingActions({ draft, change }: StepProps) {
  const types = useQuery({ queryKey: ['thing-types', 'names'], queryFn: () => iot().send(new ListThingTypesCommand({ maxResults: 250 })) });
  const options = [{ value: '', label: 'No thing type' }, ...(types.data?.thingTypes ?? []).map((it) => ({ value: it.thingTypeName ?? '', label: it.thingTypeName ?? '' }))];
  return (
    <Container header={<Header variant="h2" description="A thing is the device's place in the registry.">Automatically create a thing resource</Header>}>
      <SpaceBetween size="m">
        <Toggle checked={draft.createsThing} onChange={({ detail }) => change({ createsThing: detail.checked })}>Automatically create a thing resource when a device is provisioned</Toggle>
        {draft.createsThing && (
          <>
            <FormField label={<span>Thing name prefix <i>– optional</i></span>}>
              <Input value={draft.prefix} placeholder="sensor_" onChange={({ detail }) => change({ prefix: detail.value })} spellcheck={false} />
            </FormField>
            <FormField label="Parameter" description="The device sends its value; it follows the prefix.">
              <Input value={draft.parameter} onChange={({ detail }) => change({ parameter: detail.value })} spellcheck={false} />
            </FormField>
            <Box>A device that sends {draft.parameter}=SN-0001 becomes <Box variant="code">{draft.prefix}SN-0001</Box>.</Box>
            <FormField label={<span>Thing type <i>– optional</i></span>}>
              <Select selectedOption={options.find((it) => it.value === draft.thingType) ?? null} options={options} onChange={({ detail }) => change({ thingType: detail.selectedOption.value ?? '' })} />
            </FormField>
          </>
        )}
      </SpaceBetween>
    </Container>
  );
}
