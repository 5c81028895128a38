import type { Asked } from '../../parts/cli';

/** What is filled in so far. */
export interface Draft {
  enabled: boolean;
  name: string;
  description: string;
  role: string;
  roleArn: string;
  attachManaged: boolean;
  claimPolicy: string;
  hook: 'lambda' | 'none';
  functionArn: string;
  createsThing: boolean;
  prefix: string;
  parameter: string;
  thingType: string;
  policies: string[];
}

export const EMPTY: Draft = {
  enabled: true,
  name: '',
  description: '',
  role: '',
  roleArn: '',
  attachManaged: true,
  claimPolicy: '',
  hook: 'none',
  functionArn: '',
  createsThing: true,
  prefix: '',
  parameter: 'SerialNumber',
  thingType: '',
  policies: [],
};

/** Changes some of it. */
export type Change = (changed: Partial<Draft>) => void;

export interface StepProps {
  draft: Draft;
  change: Change;
}

/** The managed policy of AWS with what registration needs. */
export const MANAGED_POLICY = 'arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration';

/** Who may assume the role of a template. */
export const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const CERTIFICATE = 'AWS::IoT::Certificate::Id';

/** The template, as AWS's console writes it. */
export function body(draft: Draft): object {
  const thing = {
    Type: 'AWS::IoT::Thing',
    OverrideSettings: { AttributePayload: 'MERGE', ThingGroups: 'DO_NOTHING', ThingTypeName: 'REPLACE' },
    Properties: {
      AttributePayload: {},
      ThingGroups: [],
      ThingName: { 'Fn::Join': ['', [draft.prefix, { Ref: draft.parameter }]] },
      ...(draft.thingType ? { ThingTypeName: draft.thingType } : {}),
    },
  };
  const certificate = { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: CERTIFICATE }, Status: 'Active' } };
  const policies = draft.policies.map((name, at) => [`policy_${at + 1}`, { Type: 'AWS::IoT::Policy', Properties: { PolicyName: name } }] as const);
  return {
    Parameters: { ...(draft.createsThing ? { [draft.parameter]: { Type: 'String' } } : {}), [CERTIFICATE]: { Type: 'String' } },
    Resources: { ...(draft.createsThing ? { thing } : {}), certificate, ...Object.fromEntries(policies) },
  };
}

/** The request that makes the template. */
export function template(draft: Draft) {
  return {
    templateName: draft.name,
    ...(draft.description ? { description: draft.description } : {}),
    templateBody: JSON.stringify(body(draft)),
    enabled: draft.enabled,
    provisioningRoleArn: draft.roleArn,
    ...(draft.hook === 'lambda' ? { preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: draft.functionArn } } : {}),
  };
}

/** The policy that lets the role register things. */
export function managed(draft: Draft) {
  return { RoleName: draft.role, PolicyArn: MANAGED_POLICY };
}

/** What lets AWS IoT ask the function. */
export function permission(draft: Draft) {
  return { FunctionName: draft.functionArn, StatementId: `iot-${draft.name}`, Action: 'lambda:InvokeFunction', Principal: 'iot.amazonaws.com' };
}

/** Everything that will be sent at the end, in its order. */
export function requests(draft: Draft): Asked[] {
  const asked: Asked[] = [];
  if (draft.attachManaged && draft.role) asked.push({ service: 'iam', operation: 'AttachRolePolicy', input: managed(draft) });
  if (draft.hook === 'lambda') asked.push({ service: 'lambda', operation: 'AddPermission', input: permission(draft) });
  asked.push({ service: 'iot', operation: 'CreateProvisioningTemplate', input: template(draft) });
  return asked;
}

/** What keeps a step from being left; empty when nothing does. */
export function missing(step: number, draft: Draft): string {
  if (step === 0) {
    if (!/^[0-9A-Za-z_-]{1,36}$/.test(draft.name)) return 'Give the template a name of 1 to 36 characters: letters, digits, _ and -.';
    if (!draft.roleArn) return 'Choose a provisioning role, or create one.';
  }
  if (step === 1) {
    if (draft.hook === 'lambda' && !draft.functionArn) return 'Choose a Lambda function, or no hook.';
    if (draft.createsThing && !/^[a-zA-Z0-9_-]+$/.test(draft.parameter)) return 'Name the parameter that follows the prefix: letters, digits, _ and -.';
  }
  return '';
}
