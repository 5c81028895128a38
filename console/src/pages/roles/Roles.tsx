import { ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import { iam } from '../../api/clients';
import { Command, Copyable } from '../../parts/Command';
import { tidy } from '../../parts/JsonEditor';
import { Empty, Listing } from '../../parts/Listing';
import { Time } from '../../parts/Time';

function trust(role: Role): string {
  return tidy(decodeURIComponent(role.AssumeRolePolicyDocument ?? ''));
}

export function Roles() {
  return (
    <Listing<Role>
      title="Roles"
      description="With whose permissions templates, functions and jobs work."
      list={['roles']}
      load={async (Marker) => {
        const found = await (await iam()).send(new ListRolesCommand({ Marker, MaxItems: 50 }));
        return { items: found.Roles ?? [], next: found.IsTruncated ? found.Marker : undefined };
      }}
      id={(it) => it.RoleName ?? ''}
      columns={[
        { header: 'Role name', cell: (it) => it.RoleName, text: (it) => it.RoleName ?? '' },
        { header: 'ARN', cell: (it) => <Copyable text={it.Arn} />, text: (it) => it.Arn ?? '' },
        { header: 'Created', cell: (it) => <Time at={it.CreateDate} />, text: (it) => it.CreateDate?.toISOString() ?? '' },
        { header: 'Trust', cell: (it) => <ExpandableSection headerText="Policy"><pre className="text" tabIndex={0}>{trust(it)}</pre></ExpandableSection>, text: trust },
      ]}
      empty={
        <Empty what="No roles" why="A provisioning template needs one that trusts iot.amazonaws.com; its wizard makes it for you.">
          <Command text="aws iam create-role --role-name Provisioning --assume-role-policy-document file://trust.json" />
        </Empty>
      }
    />
  );
}
