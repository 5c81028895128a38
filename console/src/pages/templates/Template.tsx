import { CreateProvisioningTemplateVersionCommand, DeleteProvisioningTemplateCommand, DescribeProvisioningTemplateCommand, DescribeProvisioningTemplateVersionCommand, ListProvisioningTemplateVersionsCommand, UpdateProvisioningTemplateCommand } from '@aws-sdk/client-iot';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { iot } from '../../api/clients';
import type { PageProps } from '../../app/pages';
import { go, path, useParameter } from '../../app/route';
import { Copyable } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Detail, Facts } from '../../parts/Detail';
import { ErrorBox } from '../../parts/ErrorBox';
import { GoButton } from '../../parts/Go';
import { flaw, JsonEditor, tidy } from '../../parts/JsonEditor';
import { RequestShown } from '../../parts/RequestShown';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { Try } from './Try';

export function Template({ names: [templateName = ''] }: PageProps) {
  const [tab, setTab] = useParameter('tab');
  const found = useQuery({ queryKey: ['template', templateName], queryFn: () => iot().send(new DescribeProvisioningTemplateCommand({ templateName })) });
  const template = found.data;
  const version = template?.defaultVersionId ?? 1;
  return (
    <Detail
      name={templateName}
      above={['Provisioning templates', '/templates']}
      query={found}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Confirm verb={template?.enabled ? 'Deactivate' : 'Activate'} name={templateName} run={() => iot().send(new UpdateProvisioningTemplateCommand({ templateName, enabled: !template?.enabled }))}>
            {template?.enabled ? 'No device joins by it until it is active again.' : 'Devices can join by it from then on.'}
          </Confirm>
          <Confirm verb="Delete" name={templateName} typed run={() => iot().send(new DeleteProvisioningTemplateCommand({ templateName }))} done={() => go('/templates')}>
            No device joins by it any more. Devices that did are not touched.
          </Confirm>
          <GoButton to={path`/templates/${templateName}/first-device`} variant="primary">Connect a device</GoButton>
        </SpaceBetween>
      }
    >
      {() => (
        <>
          <Facts
            title="Template details"
            facts={[
              ['Status', <Status of={template?.enabled ? 'Active' : 'Inactive'} />],
              ['Type', template?.type],
              ['Default version', String(version)],
              ['Template ARN', <Copyable text={template?.templateArn} />],
              ['Provisioning role', <Copyable text={template?.provisioningRoleArn} />],
              ['Pre-provisioning hook', template?.preProvisioningHook?.targetArn ? <Copyable text={template.preProvisioningHook.targetArn} /> : 'none'],
              ['Description', template?.description],
              ['Created', <Time at={template?.creationDate} />],
              ['Last modified', <Time at={template?.lastModifiedDate} />],
            ]}
          />
          <Tabs
            activeTabId={tab || 'versions'}
            onChange={({ detail }) => setTab(detail.activeTabId)}
            tabs={[
              { id: 'versions', label: 'Versions', content: <Versions key={version} templateName={templateName} active={version} /> },
              { id: 'edit', label: 'Edit template JSON', content: <Edit key={version} templateName={templateName} body={template?.templateBody ?? ''} /> },
              { id: 'try', label: 'Try it with a sample device', content: <Try templateName={templateName} templateBody={template?.templateBody ?? ''} /> },
            ]}
          />
        </>
      )}
    </Detail>
  );
}

function Versions({ templateName, active }: { templateName: string; active: number }) {
  const [versionId, choose] = useState(active);
  const versions = useQuery({ queryKey: ['template', templateName, 'versions'], queryFn: () => iot().send(new ListProvisioningTemplateVersionsCommand({ templateName })) });
  const chosen = useQuery({ queryKey: ['template', templateName, 'version', versionId], queryFn: () => iot().send(new DescribeProvisioningTemplateVersionCommand({ templateName, versionId })) });
  const options = (versions.data?.versions ?? []).map((it) => ({ value: String(it.versionId), label: `Version ${it.versionId}${it.isDefaultVersion ? ' (default)' : ''}` }));
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Confirm verb="Set as default" name={`version ${versionId}`} disabled={versionId === active} run={() => iot().send(new UpdateProvisioningTemplateCommand({ templateName, defaultVersionId: versionId }))}>
              Devices that join from then on are registered by it.
            </Confirm>
          }
        >
          Template JSON
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Select ariaLabel="Version" selectedOption={options.find((it) => it.value === String(versionId)) ?? null} options={options} onChange={({ detail }) => choose(Number(detail.selectedOption.value))} />
        <ErrorBox error={versions.error ?? chosen.error} />
        <pre className="text" tabIndex={0}>{tidy(chosen.data?.templateBody ?? '')}</pre>
      </SpaceBetween>
    </Container>
  );
}

function Edit({ templateName, body }: { templateName: string; body: string }) {
  const [templateBody, setBody] = useState(tidy(body));
  const queries = useQueryClient();
  const input = { templateName, templateBody, setAsDefault: true };
  const save = useMutation({
    mutationFn: () => iot().send(new CreateProvisioningTemplateVersionCommand(input)),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <SpaceBetween size="m">
      <JsonEditor label="Template body" value={templateBody} onChange={setBody} />
      <ErrorBox error={save.error} />
      <Button variant="primary" loading={save.isPending} disabled={flaw(templateBody) !== ''} onClick={() => save.mutate()}>Save as new default version</Button>
      <RequestShown requests={[{ service: 'iot', operation: 'CreateProvisioningTemplateVersion', input }]} />
    </SpaceBetween>
  );
}
