import { CreateRoleCommand, ListAttachedRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { iam } from '../../api/clients';
import { CreateDialog } from '../../parts/CreateDialog';
import { ErrorBox } from '../../parts/ErrorBox';
import { MANAGED_POLICY, TRUST, type StepProps } from './draft';

/** Roles that are offered; more are a case for the command line. */
const ROLES = 1000;

export function ProvisioningRole({ draft, change }: StepProps) {
  const roles = useQuery({ queryKey: ['roles', 'names'], queryFn: async () => (await iam()).send(new ListRolesCommand({ MaxItems: ROLES })) });
  const attached = useQuery({
    queryKey: ['role', draft.role, 'attached'],
    queryFn: async () => (await iam()).send(new ListAttachedRolePoliciesCommand({ RoleName: draft.role })),
    enabled: draft.role !== '',
  });
  const has = attached.data?.AttachedPolicies?.some((it) => it.PolicyArn === MANAGED_POLICY) ?? false;
  const options = (roles.data?.Roles ?? []).map((it) => ({ value: it.Arn ?? '', label: it.RoleName ?? '', description: it.Arn ?? '' }));
  const chosen = draft.roleArn ? { value: draft.roleArn, label: draft.role } : null;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="With its permissions this server registers devices for you."
          actions={<CreateRole made={(role, roleArn) => change({ role, roleArn })} />}
        >
          Provisioning role
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorBox error={roles.error} doing="The roles could not be listed" />
        <FormField label="Role">
          <Select
            selectedOption={chosen}
            options={options}
            filteringType="auto"
            placeholder="Choose a role"
            empty="There are no roles: create one"
            statusType={roles.isPending ? 'loading' : 'finished'}
            onChange={({ detail }) => change({ roleArn: detail.selectedOption.value ?? '', role: detail.selectedOption.label ?? '' })}
          />
        </FormField>
        <Checkbox checked={draft.attachManaged} onChange={({ detail }) => change({ attachManaged: detail.checked })} description="AWSIoTThingsRegistration: what registration needs.">
          Attach managed policy to IAM role
        </Checkbox>
        {draft.role && !has && !draft.attachManaged && attached.isSuccess && (
          <Box color="text-status-warning">{draft.role} does not have AWSIoTThingsRegistration: unless other policies of it allow as much, registration is refused.</Box>
        )}
        {has && <Box color="text-status-success">{draft.role} has it already.</Box>}
      </SpaceBetween>
    </Container>
  );
}

function CreateRole({ made }: { made: (role: string, arn: string) => void }) {
  const [name, setName] = useState('');
  const input = { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(TRUST) };
  return (
    <CreateDialog
      button="Create new role"
      primary={false}
      ready={name !== ''}
      requests={[{ service: 'iam', operation: 'CreateRole', input }]}
      run={async () => (await iam()).send(new CreateRoleCommand(input))}
      done={({ Role }) => made(Role?.RoleName ?? name, Role?.Arn ?? '')}
    >
      <FormField label="Role name" description="AWS IoT may assume it; nobody else may.">
        <Input value={name} placeholder="ProvisioningRole" onChange={({ detail }) => setName(detail.value)} spellcheck={false} />
      </FormField>
    </CreateDialog>
  );
}
