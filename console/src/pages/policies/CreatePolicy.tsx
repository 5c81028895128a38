import { CreatePolicyCommand } from '@aws-sdk/client-iot';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { iot } from '../../api/clients';
import { CreateDialog } from '../../parts/CreateDialog';
import { flaw, JsonEditor } from '../../parts/JsonEditor';

interface Props {
  button: string;
  primary?: boolean;
  /** The document that it begins with. */
  example: () => string;
  done?: (name: string) => void;
}

export function CreatePolicy({ button, primary = false, example, done }: Props) {
  const [policyName, setName] = useState('');
  // Until it is edited it follows the example, which may name what is typed elsewhere.
  const [edited, setEdited] = useState<string>();
  const policyDocument = edited ?? example();
  const input = { policyName, policyDocument };
  return (
    <CreateDialog
      button={button}
      primary={primary}
      ready={policyName !== '' && flaw(policyDocument) === ''}
      requests={[{ service: 'iot', operation: 'CreatePolicy', input }]}
      run={() => iot().send(new CreatePolicyCommand(input))}
      done={() => done?.(policyName)}
    >
      <FormField label="Policy name">
        <Input value={policyName} onChange={({ detail }) => setName(detail.value)} spellcheck={false} />
      </FormField>
      <JsonEditor label="Policy document" value={policyDocument} onChange={setEdited} rows={14} />
    </CreateDialog>
  );
}
