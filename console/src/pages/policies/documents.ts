import { session } from '../../session/session';

function arn(rest: string): string {
  const { region = 'us-east-1', account = '' } = session() ?? {};
  return `arn:aws:iot:${region}:${account}:${rest}`;
}

/** A device that has its thing: connects as it, and has topics of its own. */
export function deviceAsItself(): string {
  const thing = '${iot:Connection.Thing.ThingName}';
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: arn(`client/${thing}`) },
        { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: arn(`topic/fleet/${thing}/*`) },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: arn(`topicfilter/fleet/${thing}/*`) },
      ],
    },
    null,
    2,
  );
}

/** What a claim certificate may: ask for a certificate and register by one template. AWS: guide, "Provisioning by claim". */
export function claimPolicy(template: string): string {
  const topics = (kind: string) => [
    arn(`${kind}/$aws/certificates/create/*`),
    arn(`${kind}/$aws/certificates/create-from-csr/*`),
    arn(`${kind}/$aws/provisioning-templates/${template || '*'}/provision/*`),
  ];
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
        { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: topics('topic') },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: topics('topicfilter') },
      ],
    },
    null,
    2,
  );
}
