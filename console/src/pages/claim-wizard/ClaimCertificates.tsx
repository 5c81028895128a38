import { ListPoliciesCommand, ListTargetsForPolicyCommand } from '@aws-sdk/client-iot';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { ErrorBox } from '../../parts/ErrorBox';
import { Go } from '../../parts/Go';
import { CreateCertificate } from '../certificates/CreateCertificate';
import { CreatePolicy } from '../policies/CreatePolicy';
import { claimPolicy } from '../policies/documents';
import type { StepProps } from './draft';

/** Claim policy and claim certificates: what devices are made with. */
export function ClaimCertificates({ draft, change }: StepProps) {
  const policies = useQuery({ queryKey: ['policies', 'names'], queryFn: () => iot().send(new ListPoliciesCommand({ pageSize: 250 })) });
  const targets = useQuery({
    queryKey: ['policy', draft.claimPolicy, 'targets', 'all'],
    queryFn: () => iot().send(new ListTargetsForPolicyCommand({ policyName: draft.claimPolicy, pageSize: 250 })),
    enabled: draft.claimPolicy !== '',
  });
  const options = (policies.data?.policies ?? []).map((it) => ({ value: it.policyName ?? '' }));
  const certificates = (targets.data?.targets ?? []).filter((it) => it.includes(':cert/')).map((it) => it.split('/').pop() ?? '');
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="A claim certificate is put on every device when it is made. It allows a device to join by this template, and nothing else."
          actions={
            <CreatePolicy
              button="Create IoT policy"
              example={() => claimPolicy(draft.name)}
              done={(claimPolicy) => change({ claimPolicy })}
            />
          }
        >
          Claim certificate policy
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorBox error={policies.error ?? targets.error} doing="The policies could not be listed" />
        <FormField label="Claim certificate policy">
          <Select
            selectedOption={draft.claimPolicy ? { value: draft.claimPolicy } : null}
            options={options}
            filteringType="auto"
            placeholder="Choose a policy"
            empty="There are no policies: create one"
            onChange={({ detail }) => change({ claimPolicy: detail.selectedOption.value ?? '' })}
          />
        </FormField>
        <FormField label="Claim certificates" description="Those that the policy is attached to.">
          <SpaceBetween size="xs">
            {draft.claimPolicy && targets.isSuccess && certificates.length === 0 && <Box color="text-body-secondary">None yet: create one, and put it on your devices.</Box>}
            {certificates.map((id) => <div key={id}><Go to={path`/certificates/${id}`}>{id}</Go></div>)}
            <CreateCertificate button="Create claim certificate" prefix="claim" policyName={draft.claimPolicy} disabled={!draft.claimPolicy} />
          </SpaceBetween>
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
