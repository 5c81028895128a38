"""boto3 clients of the server under test."""

import boto3
import botocore.session
from botocore.config import Config

from running import REGION


def make_client(
    server, service="iot", access_key=None, secret=None, token=None, region=REGION, **options
):
    core = botocore.session.Session()
    core.set_config_variable("credentials_file", str(server.credentials))
    core.set_config_variable("config_file", "/dev/null")
    session = boto3.Session(access_key, secret, token, region, core)
    config = Config(
        retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60, **options
    )
    return session.client(service, endpoint_url=server.api, config=config)
