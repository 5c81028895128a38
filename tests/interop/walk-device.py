"""The device's part of the claim tutorial, and one refusal, with the awsiotsdk that runs this."""

import concurrent.futures
import importlib.metadata
import json
import sys

from awscrt import mqtt
from awsiot import iotidentity, mqtt_connection_builder

HOST, PORT, ROOT, CLAIM, KEY, TEMPLATE, SERIAL = sys.argv[1:]
PATIENCE = 30
ONCE = mqtt.QoS.AT_LEAST_ONCE

connection = mqtt_connection_builder.mtls_from_path(
    endpoint=HOST, port=int(PORT), cert_filepath=CLAIM, pri_key_filepath=KEY, ca_filepath=ROOT,
    client_id=SERIAL, clean_session=True,
)  # fmt: skip
connection.connect().result(PATIENCE)
identity = iotidentity.IotIdentityClient(connection)


def answer(operation, publish, subscriptions, request):
    """What is accepted; raises a rejection's code."""
    heard = concurrent.futures.Future()

    def rejected(error):
        heard.set_exception(RuntimeError(error.error_code))

    for subscribe, how, callback in subscriptions:
        callback = rejected if callback == "rejected" else heard.set_result
        subscribe(how, ONCE, callback)[0].result(PATIENCE)
    publish(request, ONCE).result(PATIENCE)
    return heard.result(PATIENCE)


keys = answer(
    "CreateKeysAndCertificate",
    identity.publish_create_keys_and_certificate,
    [
        (identity.subscribe_to_create_keys_and_certificate_accepted,
         iotidentity.CreateKeysAndCertificateSubscriptionRequest(), "accepted"),
        (identity.subscribe_to_create_keys_and_certificate_rejected,
         iotidentity.CreateKeysAndCertificateSubscriptionRequest(), "rejected"),
    ],
    iotidentity.CreateKeysAndCertificateRequest(),
)  # fmt: skip


def register(token):
    how = iotidentity.RegisterThingSubscriptionRequest(template_name=TEMPLATE)
    return answer(
        "RegisterThing",
        identity.publish_register_thing,
        [
            (identity.subscribe_to_register_thing_accepted, how, "accepted"),
            (identity.subscribe_to_register_thing_rejected, how, "rejected"),
        ],
        iotidentity.RegisterThingRequest(
            template_name=TEMPLATE,
            certificate_ownership_token=token,
            parameters={"SerialNumber": SERIAL},
        ),
    )


try:
    register("no token")
    refused = None
except RuntimeError as error:
    refused = str(error)
thing = register(keys.certificate_ownership_token).thing_name
connection.disconnect().result(PATIENCE)
print(
    json.dumps(
        {
            "version": importlib.metadata.version("awsiotsdk"),
            "key": keys.private_key.startswith("-----BEGIN"),
            "thing": thing,
            "refused": refused,
        }
    )
)
