"""As the tutorials have it: print the event, allow, override a parameter."""
import json


def pre_provisioning_hook(event, context):
    print(event)
    return {"allowProvisioning": True, "parameterOverrides": {"DeviceLocation": "Seattle"}}
