"""A fleet whose hooks are functions, and the code that it deploys."""

import io
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "provisioning"))

from fleet import AS_ITSELF, Fleet, document, make_client, template_body  # noqa: E402
from running import ACCOUNT  # noqa: E402

WILD = pathlib.Path(__file__).resolve().parent / "wild"


class Site(Fleet):
    """A fleet whose hooks are functions."""

    def __init__(self, server, own):
        super().__init__(server)
        self.own = own
        self.functions = make_client(server, "lambda")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        self.iam.create_role(RoleName="functions", AssumeRolePolicyDocument=document(trust))

    def deploy(self, files, **options):
        """A function of these files; gives its ARN."""
        made = self.functions.create_function(
            **{
                "FunctionName": self.unique("function"),
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Timeout": 10,
                "Role": f"arn:aws:iam::{ACCOUNT}:role/functions",
                "Code": {"ZipFile": zipped(files)},
            }
            | options
        )
        return made["FunctionArn"]

    def permit(self, function, **conditions):
        """Lets AWS IoT invoke a function."""
        self.functions.add_permission(
            FunctionName=function,
            StatementId=self.unique("iot"),
            Action="lambda:InvokeFunction",
            Principal="iot.amazonaws.com",
            **conditions,
        )

    def hooked(self, function, permit=True):
        """A template whose hook is this function, which puts `DeviceLocation` in."""
        if permit:
            self.permit(function)
        body = template_body(
            self.policy(*AS_ITSELF),
            parameters={"DeviceLocation": {"Type": "String", "Default": "unknown"}},
            thing={"AttributePayload": {"where": {"Ref": "DeviceLocation"}}},
        )
        return self.template(body, hook=function)

    def read_log(self):
        return self.own.log.read_text()


def zipped(files):
    """A zip file of texts or bytes by name; everything is executable."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, text)
    return content.getvalue()


def wild(name, **more):
    """A hook as it stands in the wild, with what lies beside it."""
    return {name: (WILD / name).read_text()} | more
