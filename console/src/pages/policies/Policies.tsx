import { ListPoliciesCommand, type Policy as Row } from '@aws-sdk/client-iot';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { CreatePolicy } from './CreatePolicy';
import { deviceAsItself } from './documents';

export function Policies() {
  return (
    <Listing<Row>
      title="Policies"
      description="What devices may do: connect, publish, subscribe, receive."
      list={['policies']}
      load={async (marker) => {
        const found = await iot().send(new ListPoliciesCommand({ marker, pageSize: 50 }));
        return { items: found.policies ?? [], next: found.nextMarker };
      }}
      id={(it) => it.policyName ?? ''}
      actions={<CreatePolicy button="Create policy" primary example={deviceAsItself} />}
      columns={[
        { header: 'Policy name', cell: (it) => <Go to={path`/policies/${it.policyName ?? ''}`}>{it.policyName}</Go>, text: (it) => it.policyName ?? '' },
        { header: 'ARN', cell: (it) => it.policyArn, text: (it) => it.policyArn ?? '' },
      ]}
      empty={
        <Empty what="No policies" why="A device may do only what a policy of its certificate or group allows.">
          <Command text="aws iot create-policy --policy-name DevicePolicy --policy-document file://policy.json" />
        </Empty>
      }
    />
  );
}
