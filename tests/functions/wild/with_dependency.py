"""Uses a package that lies inside the zip file."""
from colour_codes import code


def handler(event, context):
    return {"allowProvisioning": True, "parameterOverrides": {"DeviceLocation": code("red")}}
