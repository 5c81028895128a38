import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { ClaimCertificates } from './ClaimCertificates';
import type { StepProps } from './draft';
import { ProvisioningRole } from './ProvisioningRole';

export function Describe(props: StepProps) {
  const { draft, change } = props;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Provisioning template properties</Header>}>
        <SpaceBetween size="m">
          <FormField label="Template status" description="Devices join by an active template only.">
            <RadioGroup
              value={draft.enabled ? 'active' : 'inactive'}
              items={[{ value: 'active', label: 'Active' }, { value: 'inactive', label: 'Inactive' }]}
              onChange={({ detail }) => change({ enabled: detail.value === 'active' })}
            />
          </FormField>
          <FormField label="Provisioning template name" description="Devices name it when they register.">
            <Input value={draft.name} placeholder="FleetTemplate" onChange={({ detail }) => change({ name: detail.value })} spellcheck={false} />
          </FormField>
          <FormField label={<span>Description <i>– optional</i></span>}>
            <Input value={draft.description} onChange={({ detail }) => change({ description: detail.value })} />
          </FormField>
        </SpaceBetween>
      </Container>
      <ProvisioningRole {...props} />
      <ClaimCertificates {...props} />
    </SpaceBetween>
  );
}
