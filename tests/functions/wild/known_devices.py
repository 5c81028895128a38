"""Reads the table of known devices that lies beside it in the zip file, at the cold start."""
import csv
import logging
import os

logger = logging.getLogger()
logger.setLevel(logging.INFO)

with open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "devices.csv")) as table:
    DEVICES = {row["serial"]: row for row in csv.DictReader(table)}


def lambda_handler(event, context):
    serial = event["parameters"]["SerialNumber"]
    logger.info("request %s for %s", context.aws_request_id, serial)
    device = DEVICES.get(serial)
    if device is None:
        return {"allowProvisioning": False}
    return {
        "allowProvisioning": True,
        "parameterOverrides": {"DeviceLocation": device["location"]},
    }
