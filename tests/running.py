"""Where a server listens and what its resources are called."""

import os
import pathlib
from dataclasses import dataclass

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass
class Server:
    """Where a server listens, and what its clients need."""

    api: str
    mqtt: str
    root_ca: pathlib.Path
    credentials: pathlib.Path
    buckets: pathlib.Path | None = None
    registry: pathlib.Path | None = None
    log: pathlib.Path | None = None

    @property
    def environment(self):
        """An environment for AWS clients that reads nothing of the developer's own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return kept | {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }


def arn(kind, name):
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}"
