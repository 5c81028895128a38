import { AttachPolicyCommand, DetachPolicyCommand, ListAttachedPoliciesCommand, ListPoliciesCommand } from '@aws-sdk/client-iot';
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { Confirm } from '../../parts/Confirm';
import { CreateDialog } from '../../parts/CreateDialog';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';

/** The policies of a certificate, to attach and to detach. */
export function AttachedPolicies({ target }: { target: string }) {
  const [policyName, setPolicy] = useState('');
  const all = useQuery({ queryKey: ['policies', 'names'], queryFn: () => iot().send(new ListPoliciesCommand({ pageSize: 250 })) });
  const options = (all.data?.policies ?? []).map((it) => ({ value: it.policyName ?? '' }));
  return (
    <Listing<string>
      title="Policies"
      list={['certificate', target, 'policies']}
      load={async (marker) => {
        const found = await iot().send(new ListAttachedPoliciesCommand({ target, marker }));
        return { items: (found.policies ?? []).map((it) => it.policyName ?? ''), next: found.nextMarker };
      }}
      id={(it) => it}
      actions={
        <CreateDialog
          button="Attach policy"
          primary={false}
          ready={policyName !== ''}
          requests={[{ service: 'iot', operation: 'AttachPolicy', input: { policyName, target } }]}
          run={() => iot().send(new AttachPolicyCommand({ policyName, target }))}
        >
          <FormField label="Policy">
            <Select
              selectedOption={policyName ? { value: policyName } : null}
              options={options}
              filteringType="auto"
              placeholder="Choose a policy"
              empty="There are no policies"
              onChange={({ detail }) => setPolicy(detail.selectedOption.value ?? '')}
            />
          </FormField>
        </CreateDialog>
      }
      columns={[
        { header: 'Policy', cell: (it) => <Go to={path`/policies/${it}`}>{it}</Go>, text: (it) => it },
        {
          header: 'Actions',
          cell: (it) => (
            <Confirm verb="Detach" name={it} run={() => iot().send(new DetachPolicyCommand({ policyName: it, target }))}>
              Its devices lose what this policy allows, at once.
            </Confirm>
          ),
          text: () => '',
        },
      ]}
      empty={<Empty what="No policies" why="Without a policy a device may do nothing." />}
    />
  );
}
