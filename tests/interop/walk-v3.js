// The claim tutorial's control plane and one refusal, with the AWS SDK for JavaScript v3 of any year.
const Iot = require('@aws-sdk/client-iot');
const Iam = require('@aws-sdk/client-iam');
const Sts = require('@aws-sdk/client-sts');
const Lambda = require('@aws-sdk/client-lambda');
const { version } = require('@aws-sdk/client-iot/package.json');

const [endpoint, name, trust, policy, template] = process.argv.slice(2);
const options = { endpoint, region: process.env.AWS_REGION };
const iot = new Iot.IoTClient(options);
const iam = new Iam.IAMClient(options);

async function walk() {
  const caller = await new Sts.STSClient(options).send(new Sts.GetCallerIdentityCommand({}));
  const found = await iot.send(new Iot.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  const made = await iam.send(new Iam.CreateRoleCommand({
    RoleName: name,
    AssumeRolePolicyDocument: trust,
  }));
  await iam.send(new Iam.AttachRolePolicyCommand({
    RoleName: name,
    PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration',
  }));
  await iot.send(new Iot.CreatePolicyCommand({ policyName: name, policyDocument: policy }));
  const claim = await iot.send(new Iot.CreateKeysAndCertificateCommand({ setAsActive: true }));
  await iot.send(new Iot.AttachPolicyCommand({ policyName: name, target: claim.certificateArn }));
  await iot.send(new Iot.CreateProvisioningTemplateCommand({
    templateName: name,
    enabled: true,
    provisioningRoleArn: made.Role.Arn,
    templateBody: template,
  }));
  const { enabled } = await iot.send(
    new Iot.DescribeProvisioningTemplateCommand({ templateName: name }),
  );
  const { Functions } = await new Lambda.LambdaClient(options)
    .send(new Lambda.ListFunctionsCommand({}));
  const refused = await iot.send(new Iot.DescribeThingCommand({ thingName: `${name}-nobody` }))
    .then(() => null, (error) => error.name);
  return {
    version,
    account: caller.Account,
    endpoint: Boolean(found.endpointAddress),
    key: claim.keyPair.PrivateKey.startsWith('-----BEGIN'),
    template: enabled,
    functions: Array.isArray(Functions),
    refused,
  };
}

walk().then(
  (result) => console.log(JSON.stringify(result)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
