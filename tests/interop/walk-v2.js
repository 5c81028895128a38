// The claim tutorial's control plane and one refusal, with the AWS SDK for JavaScript v2 of any year.
const AWS = require('aws-sdk');

const [endpoint, name, trust, policy, template] = process.argv.slice(2);
const client = (service, options = {}) =>
  new AWS[service]({ endpoint, region: process.env.AWS_REGION, ...options });
const iot = client('Iot');
const iam = client('IAM');

async function walk() {
  const { Account: account } = await client('STS').getCallerIdentity().promise();
  const { endpointAddress } = await iot.describeEndpoint({}).promise();
  const made = await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust }).promise();
  await iam.attachRolePolicy({
    RoleName: name,
    PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration',
  }).promise();
  await iot.createPolicy({ policyName: name, policyDocument: policy }).promise();
  const claim = await iot.createKeysAndCertificate({ setAsActive: true }).promise();
  await iot.attachPolicy({ policyName: name, target: claim.certificateArn }).promise();
  let enabled = null;
  // It came in 2019.
  if (iot.createProvisioningTemplate) {
    await iot.createProvisioningTemplate({
      templateName: name,
      enabled: true,
      provisioningRoleArn: made.Role.Arn,
      templateBody: template,
    }).promise();
    ({ enabled } = await iot.describeProvisioningTemplate({ templateName: name }).promise());
  }
  const { Functions } = await client('Lambda').listFunctions().promise();
  await client('IotData').publish({ topic: 'interop', payload: '1' }).promise();
  const refused = await iot.describeThing({ thingName: `${name}-nobody` }).promise()
    .then(() => null, (error) => error.code);
  return {
    version: AWS.VERSION,
    account,
    endpoint: Boolean(endpointAddress),
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
