"""What an operation needs to exist before it can be asked for: made on first use, anew for every
request."""

import contextlib
import datetime
import functools
import itertools
import json
import sqlite3
import tempfile
import threading
import time
import uuid

import paho.mqtt.client as paho
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from documents import POLICY, TRUST
from iam_and_sts import Identities
from running import ACCOUNT, REGION, arn

REGISTRATION = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
# Seconds for what must come to its end.
PATIENCE = 30
PREFIX, COUNT = uuid.uuid4().hex[:6], itertools.count()


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM).decode()


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def certificate(key, subject, issuer=None, issuer_key=None, is_ca=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(issuer_key or key, hashes.SHA256())
    )


def is_absent(error):
    """Whether the service itself is not there."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404, 501)


class OwnCa:
    """A CA of the operator's own, not yet registered."""

    def __init__(self, common_name, key=None):
        self.common_name = common_name
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.pem = pem(certificate(self.key, common_name, is_ca=True))

    def issue(self, subject):
        key = ec.generate_private_key(ec.SECP256R1())
        return pem(certificate(key, subject, self.common_name, self.key))


ALLOW_ALL = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
})  # fmt: skip


class ConnectedClient:
    """A device of MQTT 3.1.1 with a session that is kept."""

    def __init__(self, server, client_id, pem, acknowledges):
        self.id = client_id
        subscribed = threading.Event()
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            self.client = paho.Client(
                paho.CallbackAPIVersion.VERSION2, client_id, clean_session=False,
                manual_ack=not acknowledges,
            )  # fmt: skip
            self.client.tls_set(str(server.root_ca), file.name, file.name)
        self.client.on_connect = lambda *_: self.client.subscribe(client_id, qos=1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        host, _, port = server.mqtt.rpartition(":")
        self.client.connect(host, int(port))
        self.client.loop_start()
        assert subscribed.wait(PATIENCE)


class Scene:
    """The resources of one request. `hook` is the URL of a hook that answers what its path says;
    `server` is needed for what only time brings about."""

    def __init__(self, clients, hook, server=None):
        self.iot, self.iam, self.data = clients["iot"], clients["iam"], clients["iot-data"]
        self.jobs_data = clients["iot-jobs-data"]
        self.hook, self.server = hook, server

    def fresh(self, kind="n"):
        return f"{kind}-{PREFIX}-{next(COUNT)}"

    @functools.cached_property
    def identities(self):
        return Identities(self)

    @functools.cached_property
    def role(self):
        """A role that provisions; every installation before IAM takes the ARN for granted."""
        role = self.fresh("role")
        try:
            self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
            self.iam.attach_role_policy(RoleName=role, PolicyArn=REGISTRATION)
        except (ClientError, ResponseParserError) as error:
            if getattr(error, "response", None) and not is_absent(error):
                raise
        return f"arn:aws:iam::{ACCOUNT}:role/{role}"

    @functools.cached_property
    def thing(self):
        return self.iot.create_thing(thingName=self.fresh("thing"))["thingName"]

    def job_of(self, **members):
        """A new job of the thing."""
        job = self.fresh("job")
        request = {"targets": [self.arn("thing", self.thing)], "document": '{"a": 1}'} | members
        self.iot.create_job(jobId=job, **request)
        return job

    @functools.cached_property
    def job(self):
        return self.job_of()

    @functools.cached_property
    def continuous_job(self):
        return self.job_of(targetSelection="CONTINUOUS")

    @functools.cached_property
    def canceled_job(self):
        self.iot.cancel_job(jobId=self.job)
        return self.job

    @functools.cached_property
    def job_template(self):
        template = self.fresh("job-template")
        self.iot.create_job_template(
            jobTemplateId=template, description="a template", document='{"a": 1}'
        )
        return template

    @functools.cached_property
    def thing_type(self):
        return self.iot.create_thing_type(thingTypeName=self.fresh("type"))["thingTypeName"]

    @property
    def described_type(self):
        """A new type with the properties that an update may name but not change."""
        properties = {"thingTypeDescription": "a description", "searchableAttributes": ["serial"]}
        made = self.iot.create_thing_type(
            thingTypeName=self.fresh("type"), thingTypeProperties=properties
        )
        return made["thingTypeName"]

    @functools.cached_property
    def deprecated_type(self):
        """A type that was deprecated a day ago: it may be deleted after five minutes."""
        self.iot.deprecate_thing_type(thingTypeName=self.thing_type)
        with contextlib.closing(sqlite3.connect(self.server.registry, timeout=PATIENCE)) as registry:
            registry.execute(
                "UPDATE thing_types SET deprecated = deprecated - 86400000 WHERE name = ?",
                (self.thing_type,),
            )
            registry.commit()
        return self.thing_type

    @functools.cached_property
    def group(self):
        return self.iot.create_thing_group(thingGroupName=self.fresh("group"))["thingGroupName"]

    @functools.cached_property
    def other_group(self):
        return self.iot.create_thing_group(thingGroupName=self.fresh("group"))["thingGroupName"]

    @functools.cached_property
    def group_of_thing(self):
        self.iot.add_thing_to_thing_group(thingName=self.thing, thingGroupName=self.group)
        return self.group

    @functools.cached_property
    def dynamic_group(self):
        made = self.iot.create_dynamic_thing_group(
            thingGroupName=self.fresh("dynamic"), queryString="attributes.kind:pump"
        )
        return made["thingGroupName"]

    @functools.cached_property
    def billing_group(self):
        made = self.iot.create_billing_group(billingGroupName=self.fresh("billing"))
        return made["billingGroupName"]

    @functools.cached_property
    def billing_group_of_thing(self):
        self.iot.add_thing_to_billing_group(
            thingName=self.thing, billingGroupName=self.billing_group
        )
        return self.billing_group

    @functools.cached_property
    def policy(self):
        made = self.iot.create_policy(policyName=self.fresh("policy"), policyDocument=POLICY)
        return made["policyName"]

    @functools.cached_property
    def second_version(self):
        made = self.iot.create_policy_version(policyName=self.policy, policyDocument=POLICY)
        return made["policyVersionId"]

    @functools.cached_property
    def csr(self):
        request = x509.CertificateSigningRequestBuilder().subject_name(name("a device"))
        return pem(request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))

    @functools.cached_property
    def client(self):
        """The client id of a device that is connected, has subscribed and keeps its session."""
        return self.connected().id

    def connected(self, acknowledges=True):
        """A device; one that does not acknowledge takes messages all the same."""
        made = self.iot.create_keys_and_certificate(setAsActive=True)
        name = self.fresh("policy")
        self.iot.create_policy(policyName=name, policyDocument=ALLOW_ALL)
        self.iot.attach_policy(policyName=name, target=made["certificateArn"])
        pem = made["certificatePem"] + made["keyPair"]["PrivateKey"]
        return ConnectedClient(self.server, self.fresh("client"), pem, acknowledges)

    @functools.cached_property
    def certificate(self):
        return self.iot.create_certificate_from_csr(certificateSigningRequest=self.csr)

    @functools.cached_property
    def active_certificate(self):
        return self.iot.create_certificate_from_csr(
            certificateSigningRequest=self.csr, setAsActive=True
        )

    @functools.cached_property
    def principal(self):
        return self.certificate["certificateArn"]

    @functools.cached_property
    def attached_policy(self):
        self.iot.attach_policy(policyName=self.policy, target=self.principal)
        return self.policy

    @functools.cached_property
    def principal_of_thing(self):
        self.iot.attach_thing_principal(thingName=self.thing, principal=self.principal)
        return self.principal

    @functools.cached_property
    def transferred(self):
        """A certificate on its way to this very account: the only one that there is."""
        self.iot.transfer_certificate(
            certificateId=self.certificate["certificateId"], targetAwsAccount=ACCOUNT
        )
        return self.certificate["certificateId"]

    @functools.cached_property
    def new_ca(self):
        return OwnCa(self.fresh("ca"))

    @functools.cached_property
    def verification(self):
        """What proves to the registry that the CA's key is ours."""
        return self.new_ca.issue(self.iot.get_registration_code()["registrationCode"])

    @functools.cached_property
    def ca(self):
        made = self.iot.register_ca_certificate(
            caCertificate=self.new_ca.pem, certificateMode="SNI_ONLY", setAsActive=True
        )
        return made["certificateId"]

    @functools.cached_property
    def inactive_ca(self):
        made = self.iot.register_ca_certificate(
            caCertificate=self.new_ca.pem, certificateMode="SNI_ONLY"
        )
        return made["certificateId"]

    @functools.cached_property
    def foreign_pem(self):
        return self.new_ca.issue(self.fresh("device"))

    @functools.cached_property
    def template_body(self):
        """A template for REST and bulk registration: the certificate is given by its id."""
        return json.dumps(
            {
                "Parameters": {
                    "ThingName": {"Type": "String", "Default": self.fresh("registered")},
                    "CertificateId": {
                        "Type": "String",
                        "Default": self.certificate["certificateId"],
                    },
                },
                "Resources": {
                    "thing": {
                        "Type": "AWS::IoT::Thing",
                        "Properties": {"ThingName": {"Ref": "ThingName"}},
                    },
                    "certificate": {
                        "Type": "AWS::IoT::Certificate",
                        "Properties": {
                            "CertificateId": {"Ref": "CertificateId"},
                            "Status": "INACTIVE",
                        },
                    },
                    "policy": {
                        "Type": "AWS::IoT::Policy",
                        "Properties": {"PolicyName": self.policy},
                    },
                },
            }
        )

    @functools.cached_property
    def fleet_template_body(self):
        body = json.loads(self.template_body)
        body["Parameters"] = {"SerialNumber": {"Type": "String"}}
        body["Resources"]["thing"]["Properties"]["ThingName"] = {"Ref": "SerialNumber"}
        body["Resources"]["certificate"]["Properties"] = {
            "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}
        }
        return json.dumps(body)

    @functools.cached_property
    def template(self):
        made = self.iot.create_provisioning_template(
            templateName=self.fresh("t"),
            templateBody=self.fleet_template_body,
            provisioningRoleArn=self.role,
            enabled=True,
        )
        return made["templateName"]

    @functools.cached_property
    def second_template_version(self):
        made = self.iot.create_provisioning_template_version(
            templateName=self.template, templateBody=self.fleet_template_body
        )
        return made["versionId"]

    def no_task(self):
        """No task is under way: the account has one at a time."""
        deadline = time.monotonic() + PATIENCE
        while any(
            self.iot.list_thing_registration_tasks(status=status)["taskIds"]
            for status in ("InProgress", "Cancelling")
        ):
            assert time.monotonic() < deadline, "a task does not end"
            for task in self.iot.list_thing_registration_tasks(status="InProgress")["taskIds"]:
                with contextlib.suppress(self.iot.exceptions.InvalidRequestException):
                    self.iot.stop_thing_registration_task(taskId=task)
            time.sleep(0.02)

    @functools.cached_property
    def task(self):
        self.no_task()
        made = self.iot.start_thing_registration_task(
            templateBody=self.template_body,
            inputFileBucket="bucket",
            inputFileKey="devices.json",
            roleArn=self.role,
        )
        return made["taskId"]

    @functools.cached_property
    def long_task(self):
        """A task under way: it has many lines."""
        self.no_task()
        made = self.iot.start_thing_registration_task(
            templateBody=self.template_body,
            inputFileBucket="bucket",
            inputFileKey="many.json",
            roleArn=self.role,
        )
        return made["taskId"]

    @functools.cached_property
    def domain_configuration(self):
        made = self.iot.create_domain_configuration(
            domainConfigurationName=self.fresh("domain"), serviceType="DATA"
        )
        return made["domainConfigurationName"]

    @functools.cached_property
    def disabled_domain_configuration(self):
        self.iot.update_domain_configuration(
            domainConfigurationName=self.domain_configuration,
            domainConfigurationStatus="DISABLED",
        )
        return self.domain_configuration

    @functools.cached_property
    def role_alias(self):
        made = self.iot.create_role_alias(roleAlias=self.fresh("alias"), roleArn=self.role)
        return made["roleAlias"]

    @functools.cached_property
    def signing_key(self):
        return rsa.generate_private_key(65537, 2048)

    @functools.cached_property
    def public_key(self):
        return (
            self.signing_key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    def sign(self, token):
        return self.signing_key.sign(token.encode(), padding.PKCS1v15(), hashes.SHA256())

    @functools.cached_property
    def authorizer(self):
        """Inactive, as all but the first few must be: the account has 32 active ones."""
        made = self.iot.create_authorizer(
            authorizerName=self.fresh("authorizer"),
            authorizerFunctionArn=FUNCTION,
            signingDisabled=True,
            status="INACTIVE",
        )
        return made["authorizerName"]

    def working_authorizer(self, path="/allow", **members):
        made = self.iot.create_authorizer(
            authorizerName=self.fresh("authorizer"),
            authorizerFunctionArn=f"{self.hook}{path}",
            status="ACTIVE",
            **(members or {"signingDisabled": True}),
        )
        return made["authorizerName"]

    @functools.cached_property
    def signed_authorizer(self):
        return self.working_authorizer(
            tokenKeyName="token", tokenSigningPublicKeys={"first": self.public_key}
        )

    def default_authorizer(self):
        """An authorizer is the default one, whichever."""
        try:
            self.iot.set_default_authorizer(authorizerName=self.authorizer)
        except self.iot.exceptions.ResourceAlreadyExistsException:
            pass

    @functools.cached_property
    def certificate_provider(self):
        """The account has one: the one before goes."""
        self.no_certificate_provider()
        made = self.iot.create_certificate_provider(
            certificateProviderName=self.fresh("provider"),
            lambdaFunctionArn=FUNCTION,
            accountDefaultForOperations=["CreateCertificateFromCsr"],
        )
        return made["certificateProviderName"]

    def no_certificate_provider(self):
        for found in self.iot.list_certificate_providers()["certificateProviders"]:
            self.iot.delete_certificate_provider(
                certificateProviderName=found["certificateProviderName"]
            )
        return True

    def indexed(self):
        """Fleet indexing switched on."""
        self.iot.update_indexing_configuration(
            thingIndexingConfiguration={
                "thingIndexingMode": "REGISTRY",
                "thingConnectivityIndexingMode": "STATUS",
            },
            thingGroupIndexingConfiguration={"thingGroupIndexingMode": "ON"},
        )
        return True

    def dynamic_groups(self):
        """The names of all dynamic groups."""
        pages = self.iot.get_paginator("list_thing_groups").paginate(recursive=True)
        names = [group["groupName"] for group in pages.search("thingGroups[]")]
        described = [self.iot.describe_thing_group(thingGroupName=name) for name in names]
        return [group["thingGroupName"] for group in described if "queryString" in group]

    def not_indexed(self):
        """Fleet indexing switched off, for which there must be no dynamic groups."""
        for name in self.dynamic_groups():
            self.iot.delete_dynamic_thing_group(thingGroupName=name)
        self.iot.update_indexing_configuration(
            thingIndexingConfiguration={"thingIndexingMode": "OFF"},
            thingGroupIndexingConfiguration={"thingGroupIndexingMode": "OFF"},
        )

    @functools.cached_property
    def retained_topic(self):
        topic = self.fresh("retained")
        self.data.publish(topic=topic, payload=b"kept", qos=1, retain=True)
        return topic

    def shadow(self):
        """The name of a thing that has a classic shadow and one that is called `named`."""
        thing = self.fresh("shadow")
        for name in [{}, {"shadowName": "named"}]:
            self.data.update_thing_shadow(thingName=thing, payload=b'{"state":{}}', **name)
        return thing

    def arn(self, kind, resource):
        return arn(kind, resource)
