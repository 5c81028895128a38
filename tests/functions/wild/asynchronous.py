"""Runs its coroutine by itself, as Python's runtime wants it."""
import asyncio


async def decide(event):
    await asyncio.sleep(0.01)
    return {
        "allowProvisioning": event["parameters"]["SerialNumber"].startswith("good"),
        "parameterOverrides": {"DeviceLocation": "loop"},
    }


def handler(event, context):
    return asyncio.run(decide(event))
