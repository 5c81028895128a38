"""Asks the registry with boto3, as itself, whether the device was announced as a thing."""
import boto3

iot = boto3.client("iot")


def handler(event, context):
    serial = event["parameters"]["SerialNumber"]
    try:
        announced = iot.describe_thing(thingName=f"announced-{serial}")
    except iot.exceptions.ResourceNotFoundException:
        return {"allowProvisioning": False}
    location = announced["attributes"].get("location", "nowhere")
    return {"allowProvisioning": True, "parameterOverrides": {"DeviceLocation": location}}
