"""The claim tutorial's control plane and one refusal, with the boto3 that runs this."""

import json
import sys

import boto3

ENDPOINT, NAME, TRUST, POLICY, TEMPLATE = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=ENDPOINT)


iot, iam = client("iot"), client("iam")
account = client("sts").get_caller_identity()["Account"]
endpoint = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
iam.attach_role_policy(
    RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
)
iot.create_policy(policyName=NAME, policyDocument=POLICY)
claim = iot.create_keys_and_certificate(setAsActive=True)
iot.attach_policy(policyName=NAME, target=claim["certificateArn"])
iot.create_provisioning_template(
    templateName=NAME, enabled=True, provisioningRoleArn=role, templateBody=TEMPLATE
)
found = iot.describe_provisioning_template(templateName=NAME)
functions = client("lambda").list_functions()["Functions"]
client("iot-data").publish(topic="interop", payload=b"1")
try:
    iot.describe_thing(thingName=f"{NAME}-nobody")
    refused = None
except iot.exceptions.ResourceNotFoundException as error:
    refused = error.response["Error"]["Code"]
print(
    json.dumps(
        {
            "version": boto3.__version__,
            "account": account,
            "endpoint": bool(endpoint),
            "key": claim["keyPair"]["PrivateKey"].startswith("-----BEGIN"),
            "template": found["enabled"],
            "functions": isinstance(functions, list),
            "refused": refused,
        }
    )
)
