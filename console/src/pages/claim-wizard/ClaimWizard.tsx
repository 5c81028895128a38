import { CreateProvisioningTemplateCommand } from '@aws-sdk/client-iot';
import Grid from '@cloudscape-design/components/grid';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Wizard from '@cloudscape-design/components/wizard';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { iam, iot, lambda } from '../../api/clients';
import { go, path } from '../../app/route';
import { ErrorBox } from '../../parts/ErrorBox';
import { RequestShown } from '../../parts/RequestShown';
import { Actions } from './Actions';
import { Describe } from './Describe';
import { EMPTY, managed, missing, permission, requests, template, type Draft } from './draft';
import { Permissions } from './Permissions';
import { Review } from './Review';

/** Sends it all. What an earlier attempt did already is no error. */
async function create(draft: Draft): Promise<void> {
  if (draft.attachManaged) {
    const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam');
    await (await iam()).send(new AttachRolePolicyCommand(managed(draft)));
  }
  if (draft.hook === 'lambda') {
    const { AddPermissionCommand } = await import('@aws-sdk/client-lambda');
    try {
      await (await lambda()).send(new AddPermissionCommand(permission(draft)));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ResourceConflictException') throw error;
    }
  }
  await iot().send(new CreateProvisioningTemplateCommand(template(draft)));
}

/** Provisioning by claim: from nothing to a template by which devices join. */
export function ClaimWizard() {
  const [draft, setDraft] = useState(EMPTY);
  const [step, setStep] = useState(0);
  const [complaint, setComplaint] = useState('');
  const queries = useQueryClient();
  const change = (changed: Partial<Draft>) => {
    setComplaint('');
    setDraft((before) => ({ ...before, ...changed }));
  };
  const submit = useMutation({
    mutationFn: () => create(draft),
    onSuccess: async () => {
      await queries.invalidateQueries();
      go(path`/templates/${draft.name}/first-device`);
    },
  });
  const move = (to: number) => {
    const first = [0, 1, 2].find((at) => at < to && missing(at, draft) !== '');
    setComplaint(first === undefined ? '' : missing(first, draft));
    setStep(first ?? to);
  };
  const beside = (content: ReactNode) => (
    <Grid gridDefinition={[{ colspan: { default: 12, xs: 7 } }, { colspan: { default: 12, xs: 5 } }]}>
      {content}
      <SpaceBetween size="l">
        <ErrorBox error={submit.error} doing="The template was not created" />
        <RequestShown requests={requests(draft)} />
      </SpaceBetween>
    </Grid>
  );
  return (
    <Wizard
      activeStepIndex={step}
      onNavigate={({ detail }) => move(detail.requestedStepIndex)}
      onCancel={() => go('/templates')}
      onSubmit={() => submit.mutate()}
      isLoadingNextStep={submit.isPending}
      submitButtonText="Create template"
      steps={[
        {
          title: 'Describe provisioning template',
          description: 'Devices with a claim certificate join by this template, each with a certificate of its own.',
          content: beside(<Describe draft={draft} change={change} />),
          errorText: step === 0 ? complaint : undefined,
        },
        {
          title: 'Set provisioning actions',
          description: 'Who is asked before a device may join, and what is registered for it.',
          content: beside(<Actions draft={draft} change={change} />),
          errorText: step === 1 ? complaint : undefined,
        },
        {
          title: 'Set device permissions',
          description: 'The policies of the certificate that each device is given.',
          content: beside(<Permissions draft={draft} change={change} />),
        },
        {
          title: 'Review and create',
          content: beside(<Review draft={draft} edit={setStep} />),
        },
      ]}
    />
  );
}
