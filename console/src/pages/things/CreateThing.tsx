import { CreateThingCommand } from '@aws-sdk/client-iot';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { iot } from '../../api/clients';
import { go, path } from '../../app/route';
import { CreateDialog } from '../../parts/CreateDialog';

export function CreateThing() {
  const [thingName, setName] = useState('');
  const input = { thingName };
  return (
    <CreateDialog
      button="Create thing"
      ready={thingName !== ''}
      requests={[{ service: 'iot', operation: 'CreateThing', input }]}
      run={() => iot().send(new CreateThingCommand(input))}
      done={() => go(path`/things/${thingName}`)}
    >
      <FormField label="Thing name" description="It cannot be changed later.">
        <Input value={thingName} onChange={({ detail }) => setName(detail.value)} spellcheck={false} />
      </FormField>
    </CreateDialog>
  );
}
