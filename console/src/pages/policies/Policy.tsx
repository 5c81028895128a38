import { CreatePolicyVersionCommand, DeletePolicyCommand, GetPolicyCommand, GetPolicyVersionCommand, ListPolicyVersionsCommand, ListTargetsForPolicyCommand, SetDefaultPolicyVersionCommand } from '@aws-sdk/client-iot';
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
import { Go } from '../../parts/Go';
import { flaw, JsonEditor, tidy } from '../../parts/JsonEditor';
import { Empty, Listing } from '../../parts/Listing';
import { RequestShown } from '../../parts/RequestShown';
import { Time } from '../../parts/Time';

export function Policy({ names: [policyName = ''] }: PageProps) {
  const [tab, setTab] = useParameter('tab');
  const policy = useQuery({ queryKey: ['policy', policyName], queryFn: () => iot().send(new GetPolicyCommand({ policyName })) });
  return (
    <Detail
      name={policyName}
      above={['Policies', '/policies']}
      query={policy}
      actions={
        <Confirm verb="Delete" name={policyName} typed run={() => iot().send(new DeletePolicyCommand({ policyName }))} done={() => go('/policies')}>
          A policy can be deleted once it has no targets and no further versions.
        </Confirm>
      }
    >
      {() => (
        <>
          <Facts
            title="Details"
            facts={[
              ['Policy ARN', <Copyable text={policy.data?.policyArn} />],
              ['Active version', policy.data?.defaultVersionId],
              ['Last updated', <Time at={policy.data?.lastModifiedDate} />],
            ]}
          />
          <Tabs
            activeTabId={tab || 'versions'}
            onChange={({ detail }) => setTab(detail.activeTabId)}
            tabs={[
              { id: 'versions', label: 'Versions', content: <Versions key={policy.data?.defaultVersionId} policyName={policyName} active={policy.data?.defaultVersionId ?? ''} /> },
              { id: 'edit', label: 'Edit active version', content: <Edit key={policy.data?.defaultVersionId} policyName={policyName} document={policy.data?.policyDocument ?? ''} /> },
              { id: 'targets', label: 'Targets', content: <Targets policyName={policyName} /> },
            ]}
          />
        </>
      )}
    </Detail>
  );
}

function Versions({ policyName, active }: { policyName: string; active: string }) {
  const [policyVersionId, choose] = useState(active);
  const versions = useQuery({ queryKey: ['policy', policyName, 'versions'], queryFn: () => iot().send(new ListPolicyVersionsCommand({ policyName })) });
  const chosen = useQuery({ queryKey: ['policy', policyName, 'version', policyVersionId], queryFn: () => iot().send(new GetPolicyVersionCommand({ policyName, policyVersionId })) });
  const options = (versions.data?.policyVersions ?? []).map((it) => ({ value: it.versionId ?? '', label: `Version ${it.versionId}${it.isDefaultVersion ? ' (active)' : ''}` }));
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Confirm verb="Set as active" name={`version ${policyVersionId}`} disabled={policyVersionId === active} run={() => iot().send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId }))}>
              It is what devices with this policy may do, from then on.
            </Confirm>
          }
        >
          Policy document
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Select ariaLabel="Version" selectedOption={options.find((it) => it.value === policyVersionId) ?? null} options={options} onChange={({ detail }) => choose(detail.selectedOption.value ?? active)} />
        <ErrorBox error={versions.error ?? chosen.error} />
        <pre className="text" tabIndex={0}>{tidy(chosen.data?.policyDocument ?? '')}</pre>
      </SpaceBetween>
    </Container>
  );
}

function Edit({ policyName, document }: { policyName: string; document: string }) {
  const [policyDocument, setDocument] = useState(tidy(document));
  const queries = useQueryClient();
  const input = { policyName, policyDocument, setAsDefault: true };
  const save = useMutation({
    mutationFn: () => iot().send(new CreatePolicyVersionCommand(input)),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <SpaceBetween size="m">
      <JsonEditor label="Policy document" value={policyDocument} onChange={setDocument} />
      <ErrorBox error={save.error} />
      <Button variant="primary" loading={save.isPending} disabled={flaw(policyDocument) !== ''} onClick={() => save.mutate()}>Save as new active version</Button>
      <RequestShown requests={[{ service: 'iot', operation: 'CreatePolicyVersion', input }]} />
    </SpaceBetween>
  );
}

function Targets({ policyName }: { policyName: string }) {
  return (
    <Listing<string>
      title="Targets"
      list={['policy', policyName, 'targets']}
      load={async (marker) => {
        const found = await iot().send(new ListTargetsForPolicyCommand({ policyName, marker }));
        return { items: found.targets ?? [], next: found.nextMarker };
      }}
      id={(it) => it}
      columns={[{
        header: 'Target',
        cell: (it) => (it.includes(':cert/') ? <Go to={path`/certificates/${it.split('/').pop() ?? ''}`}>{it}</Go> : it),
        text: (it) => it,
      }]}
      empty={<Empty what="No targets" why="It is attached to no certificate and no group." />}
    />
  );
}
