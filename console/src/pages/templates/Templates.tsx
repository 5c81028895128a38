import { ListProvisioningTemplatesCommand, type ProvisioningTemplateSummary } from '@aws-sdk/client-iot';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Go, GoButton } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';

export function Templates() {
  const create = <GoButton to="/templates/create" variant="primary">Create provisioning template</GoButton>;
  return (
    <Listing<ProvisioningTemplateSummary>
      title="Provisioning templates"
      description="How devices become things: what is registered for one that joins."
      list={['templates']}
      load={async (nextToken) => {
        const found = await iot().send(new ListProvisioningTemplatesCommand({ nextToken, maxResults: 50 }));
        return { items: found.templates ?? [], next: found.nextToken };
      }}
      id={(it) => it.templateName ?? ''}
      actions={create}
      columns={[
        { header: 'Template name', cell: (it) => <Go to={path`/templates/${it.templateName ?? ''}`}>{it.templateName}</Go>, text: (it) => it.templateName ?? '' },
        { header: 'Status', cell: (it) => <Status of={it.enabled ? 'Active' : 'Inactive'} />, text: (it) => (it.enabled ? 'Active' : 'Inactive') },
        { header: 'Type', cell: (it) => it.type, text: (it) => it.type ?? '' },
        { header: 'Description', cell: (it) => it.description ?? '–', text: (it) => it.description ?? '' },
        { header: 'Last modified', cell: (it) => <Time at={it.lastModifiedDate} />, text: (it) => it.lastModifiedDate?.toISOString() ?? '' },
      ]}
      empty={
        <Empty what="No provisioning templates" why="With one, devices that share a claim certificate join by themselves, each with a certificate of its own.">
          <GoButton to="/templates/create">Create provisioning template</GoButton>
          <Command text={'aws iot create-provisioning-template --template-name FleetTemplate --enabled \\\n    --template-body file://template.json --provisioning-role-arn arn:aws:iam::ACCOUNT:role/Provisioning'} />
        </Empty>
      }
    />
  );
}
