"""What provokes the errors that connections, messages and shadows list."""

from refusals import provokes


@provokes(
    "DeleteConnection.ResourceNotFoundException",
    "GetConnection.ResourceNotFoundException",
    "ListSubscriptions.ResourceNotFoundException",
)
def a_client_that_is_not_known(scene, call):
    call(clientId=scene.fresh("client"))


@provokes("SendDirectMessage.ResourceNotFoundException")
def a_message_for_nobody(scene, call):
    call(clientId=scene.fresh("client"), topic="to/one")


@provokes(
    "DeleteConnection.InvalidRequestException",
    "GetConnection.InvalidRequestException",
    "ListSubscriptions.InvalidRequestException",
)
def a_client_id_that_is_reserved(scene, call):
    call(clientId="$client")


@provokes("SendDirectMessage.InvalidRequestException")
def a_reserved_topic(scene, call):
    call(clientId=scene.client, topic="$aws/things/a/shadow/get")


@provokes("SendDirectMessage.RequestEntityTooLargeException")
def a_message_that_is_too_large(scene, call):
    call(clientId=scene.client, topic="to/one", payload=b"x" * (128 * 1024 + 1))


@provokes("SendDirectMessage.GatewayTimeoutException")
def a_message_that_is_not_acknowledged(scene, call):
    silent = scene.connected(acknowledges=False)
    call(clientId=silent.id, topic="to/one", confirmation=True, timeout=1)


@provokes("UpdateThingShadow.ConflictException")
def a_document_of_another_version(scene, call):
    call(thingName=scene.shadow(), payload=b'{"state":{},"version":99}')


@provokes("UpdateThingShadow.RequestEntityTooLargeException")
def a_document_that_is_too_large(scene, call):
    large = b'{"state":{"desired":{"a":"%s"}}}' % (b"x" * 8192)
    call(thingName=scene.shadow(), payload=large)


@provokes("UpdateThingShadow.UnsupportedDocumentEncodingException")
def a_document_in_another_encoding(scene, call):
    call(thingName=scene.shadow(), payload=b'{"state":"\xff"}')
