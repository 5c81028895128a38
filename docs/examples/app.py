"""A pre-provisioning hook: devices whose serial number begins with SN- may join, in Berlin."""


def handler(event, context):
    serial = event["parameters"].get("SerialNumber", "")
    print("serial number", serial)
    return {
        "allowProvisioning": serial.startswith("SN-"),
        "parameterOverrides": {"DeviceLocation": "Berlin"},
    }
