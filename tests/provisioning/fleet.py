"""The operator's side: what boto3 with the administrator's key sets up and looks up."""

import itertools
import json
import uuid

import boto3
import botocore.session
from botocore.config import Config

from device import Device, MQTTv5
from identity import Identity, key_pem, make_csr, make_key
from running import REGION, arn

ROLE = "arn:aws:iam::123456789012:role/provisioning"
ROLE_POLICY = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
THING_NAME = "${iot:Connection.Thing.ThingName}"


def make_client(server, service="iot", **options):
    core = botocore.session.Session()
    core.set_config_variable("credentials_file", str(server.credentials))
    core.set_config_variable("config_file", "/dev/null")
    session = boto3.Session(region_name=REGION, botocore_session=core)
    config = Config(retries={"max_attempts": 0}, connect_timeout=10, read_timeout=60,
                    max_pool_connections=32)  # fmt: skip
    return session.client(service, endpoint_url=server.api, config=config, **options)


def allow(action, *resources):
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def deny(action, *resources):
    return allow(action, *resources) | {"Effect": "Deny"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW_ALL = allow("iot:*", "*")
# What a production device may do: be itself, and use its own topics.
AS_ITSELF = (
    allow("iot:Connect", arn("client", THING_NAME)),
    allow(["iot:Publish", "iot:Receive"], arn("topic", f"fleet/{THING_NAME}/*")),
    allow("iot:Subscribe", arn("topicfilter", f"fleet/{THING_NAME}/*")),
)


def claim_statements(*templates):
    """AWS's sample claim policy, with CSRs: connect, ask, hear, subscribe; nothing else."""
    topics = ["$aws/certificates/create/*", "$aws/certificates/create-from-csr/*"]
    topics += [f"$aws/provisioning-templates/{name}/provision/*" for name in templates]
    return (
        allow("iot:Connect", arn("client", "*")),
        allow(["iot:Publish", "iot:Receive"], *(arn("topic", topic) for topic in topics)),
        allow("iot:Subscribe", *(arn("topicfilter", topic) for topic in topics)),
    )


def template_body(policy, *, parameters=None, thing=None, override=None, **sections):
    """A thing `sensor-SERIAL` with its certificate and an existing policy."""
    resource = {
        "Type": "AWS::IoT::Thing",
        "Properties": {
            "ThingName": {"Fn::Join": ["", ["sensor-", {"Ref": "SerialNumber"}]]},
            "AttributePayload": {"serial": {"Ref": "SerialNumber"}},
        }
        | (thing or {}),
    }
    if override:
        resource["OverrideSettings"] = override
    certificate = {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"}
    return {
        "Parameters": {"SerialNumber": {"Type": "String"}} | (parameters or {}),
        "Resources": {
            "thing": resource,
            "certificate": {"Type": "AWS::IoT::Certificate", "Properties": certificate},
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
        },
    } | sections


class Fleet:
    """One account of one server; every name that it makes is its own."""

    def __init__(self, server):
        self.server = server
        self.iot, self.iam = make_client(server), make_client(server, "iam")
        try:
            self.role(ROLE.rpartition("/")[2], ROLE_POLICY)
        except self.iam.exceptions.EntityAlreadyExistsException:
            pass  # Another test's fleet on the same server.
        self._prefix, self._count = uuid.uuid4().hex[:8], itertools.count()

    def unique(self, kind):
        return f"{kind}-{self._prefix}-{next(self._count)}"

    def role(self, name, *policies, service="iot.amazonaws.com"):
        """A role that a service may assume; gives its ARN."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return made["Role"]["Arn"]

    def policy(self, *statements):
        name = self.unique("policy")
        self.iot.create_policy(policyName=name, policyDocument=document(*statements))
        return name

    def identity(self, *statements, policy=None):
        """An ACTIVE certificate with a policy of these statements."""
        key = make_key()
        made = self.iot.create_certificate_from_csr(
            certificateSigningRequest=make_csr(key), setAsActive=True
        )
        if statements:
            policy = self.policy(*statements)
        if policy:
            self.iot.attach_policy(policyName=policy, target=made["certificateArn"])
        return Identity(made["certificatePem"], key_pem(key))

    def template(self, body=None, hook=None, role=ROLE, **members):
        """A fleet template, enabled; gives its name."""
        name = self.unique("t")
        body = body or template_body(self.policy(*AS_ITSELF))
        if hook:
            members["preProvisioningHook"] = {"payloadVersion": "2020-04-01", "targetArn": hook}
        self.iot.create_provisioning_template(
            templateName=name,
            templateBody=json.dumps(body),
            provisioningRoleArn=role,
            enabled=True,
            **members,
        )
        return name

    def claim(self, *templates):
        return self.identity(*claim_statements(*templates))

    def group(self):
        """A thing group; its policy lets members publish to `members/GROUP`."""
        name = self.unique("group")
        self.iot.create_thing_group(thingGroupName=name)
        policy = self.policy(allow("iot:Publish", arn("topic", f"members/{name}")))
        self.iot.attach_policy(policyName=policy, target=arn("thinggroup", name))
        return name

    def groups(self, identity, thing, candidates):
        """Those of the groups in which the thing is, as its device finds out."""
        with Device(self.server, identity, thing, version=MQTTv5) as device:
            return {group for group in candidates if device.publish(f"members/{group}") == 0}

    def device(self, claim, template, serial, **parameters):
        """Provisions a device by CSR; gives its identity."""
        with Device(self.server, claim) as asking:
            identity, token = asking.certificate_from_csr()
            answer = asking.register(template, token, SerialNumber=serial, **parameters)
            assert answer.accepted, answer.body
        return identity

    @staticmethod
    def arn(identity):
        return arn("cert", identity.id)

    def status(self, identity):
        found = self.iot.describe_certificate(certificateId=identity.id)
        return found["certificateDescription"]["status"]

    def set_status(self, identity, status):
        self.iot.update_certificate(certificateId=identity.id, newStatus=status)

    def policies(self, identity):
        found = self.iot.list_attached_policies(target=self.arn(identity))
        return [policy["policyName"] for policy in found["policies"]]

    def principals(self, thing):
        return self.iot.list_thing_principals(thingName=thing)["principals"]

    def attributes(self, thing):
        return self.iot.describe_thing(thingName=thing)["attributes"]

    def exists(self, thing):
        try:
            self.iot.describe_thing(thingName=thing)
        except self.iot.exceptions.ResourceNotFoundException:
            return False
        return True
