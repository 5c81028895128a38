"""A device whose certificate may use a role alias, and clients with the credentials of its role."""

import boto3
from botocore.config import Config

from fleet import allow, document
from over_https import Https
from running import REGION, arn

SERVICE = "credentials.iot.amazonaws.com"
ASSUME = "iot:AssumeRoleWithCertificate"


def client(server, service, credentials):
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=server.api,
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
        config=Config(retries={"max_attempts": 0}),
    )


class Setup:
    """A device with its thing, and an alias of a role whose policies allow `statements`."""

    def __init__(self, fleet, *statements, service=SERVICE, **alias):
        self.fleet = fleet
        self.role, self.alias = fleet.unique("role"), fleet.unique("alias")
        self.role_arn = fleet.role(self.role, service=service)
        if statements:
            fleet.iam.put_role_policy(
                RoleName=self.role, PolicyName="own", PolicyDocument=document(*statements)
            )
        fleet.iot.create_role_alias(roleAlias=self.alias, roleArn=self.role_arn, **alias)
        self.policy = fleet.policy(allow(ASSUME, arn("rolealias", self.alias)))
        self.device = fleet.identity(policy=self.policy)
        self.kind, self.thing = fleet.unique("type"), fleet.unique("thing")
        fleet.iot.create_thing_type(thingTypeName=self.kind)
        fleet.iot.create_thing(thingName=self.thing, thingTypeName=self.kind)
        fleet.iot.attach_thing_principal(thingName=self.thing, principal=fleet.arn(self.device))

    def ask(self, thing=None, alias=None, device=None):
        with_certificate = Https(self.fleet.server, device or self.device)
        try:
            return with_certificate.credentials(alias or self.alias, thing)
        finally:
            with_certificate.close()


def refused(answer):
    return answer.status, answer.headers["x-amzn-errortype"], answer.body["message"]
