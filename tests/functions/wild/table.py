"""Asks a DynamoDB table whether the device is known, as most hooks in the wild do."""
import boto3

table = boto3.resource("dynamodb").Table("devices")


def handler(event, context):
    item = table.get_item(Key={"serial": event["parameters"]["SerialNumber"]}).get("Item")
    if not item:
        return {"allowProvisioning": False}
    return {"allowProvisioning": True, "parameterOverrides": {"DeviceLocation": item["location"]}}
