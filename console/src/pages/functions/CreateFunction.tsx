import { CreateRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, type Runtime } from '@aws-sdk/client-lambda';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import Textarea from '@cloudscape-design/components/textarea';
import { useQuery } from '@tanstack/react-query';
import { strToU8, zipSync } from 'fflate';
import { useState } from 'react';
import { iam, lambda } from '../../api/clients';
import type { Asked } from '../../parts/cli';
import { CreateDialog } from '../../parts/CreateDialog';
import { HANDLER, HOOKS, RUNTIMES, TRUST, type Hook } from './hooks';

const NEW_ROLE = { value: '', label: 'Create a new role' };

/** A function from an editor: a pre-provisioning hook to begin with. */
export function CreateFunction({ button, done }: { button: string; done?: (arn: string) => void }) {
  const [name, setName] = useState('');
  const [runtime, setRuntime] = useState<string>(RUNTIMES[0]);
  const [example, setExample] = useState<Hook>(HOOKS[0]);
  const [code, setCode] = useState<string>(HOOKS[0].code);
  const [role, setRole] = useState<{ value: string; label: string }>(NEW_ROLE);
  const roles = useQuery({ queryKey: ['roles', 'names'], queryFn: async () => (await iam()).send(new ListRolesCommand({ MaxItems: 1000 })) });
  const offered = [NEW_ROLE, ...(roles.data?.Roles ?? []).map((it) => ({ value: it.Arn ?? '', label: it.RoleName ?? '' }))];
  const newRole = { RoleName: `${name}-role`, AssumeRolePolicyDocument: JSON.stringify(TRUST) };
  const made = { FunctionName: name, Runtime: runtime as Runtime, Handler: HANDLER };
  const requests: Asked[] = [
    ...(role.value ? [] : [{ service: 'iam' as const, operation: 'CreateRole', input: newRole }]),
    { service: 'lambda', operation: 'CreateFunction', input: { ...made, Role: role.value || `(the role's ARN)`, ZipFile: 'fileb://app.zip' } },
  ];
  const create = async () => {
    let Role = role.value;
    if (!Role) {
      const answer = await (await iam()).send(new CreateRoleCommand(newRole));
      Role = answer.Role?.Arn ?? '';
      // Should the function be refused, the role is there for the next attempt.
      setRole({ value: Role, label: newRole.RoleName });
    }
    const ZipFile = zipSync({ 'app.py': strToU8(code) });
    return (await lambda()).send(new CreateFunctionCommand({ ...made, Role, Code: { ZipFile } }));
  };
  return (
    <CreateDialog button={button} primary={false} ready={name !== '' && code !== ''} requests={requests} run={create} done={(it) => done?.(it.FunctionArn ?? '')}>
      <FormField label="Function name">
        <Input value={name} placeholder="fleet-hook" onChange={({ detail }) => setName(detail.value)} spellcheck={false} />
      </FormField>
      <FormField label="Runtime" description="The server's machine needs its interpreter, and once: fleetwright function install-runtime python">
        <Select selectedOption={{ value: runtime }} options={RUNTIMES.map((value) => ({ value }))} onChange={({ detail }) => setRuntime(detail.selectedOption.value ?? RUNTIMES[0])} />
      </FormField>
      <FormField label="Execution role">
        <Select selectedOption={role} options={offered} onChange={({ detail }) => setRole({ value: detail.selectedOption.value ?? '', label: detail.selectedOption.label ?? '' })} />
      </FormField>
      <FormField label="Example">
        <Select
          selectedOption={{ value: example.name }}
          options={HOOKS.map(({ name: value, about: description }) => ({ value, description }))}
          onChange={({ detail }) => {
            const chosen = HOOKS.find((it) => it.name === detail.selectedOption.value);
            if (!chosen) return;
            setExample(chosen);
            setCode(chosen.code);
          }}
        />
      </FormField>
      <FormField label="app.py" stretch>
        <div className="json">
          <Textarea value={code} rows={14} spellcheck={false} ariaLabel="Code of the function" onChange={({ detail }) => setCode(detail.value)} />
        </div>
      </FormField>
    </CreateDialog>
  );
}
