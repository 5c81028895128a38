"""Clients of services that are not here: each gets an error in its own service's shape, with the
way out. Whoever sets AWS_ENDPOINT_URL sends all of them to this server."""

import pytest
from botocore.exceptions import ClientError

from clients import make_client

# Client, operation of boto3, and the variable that its message names. A protocol each, and what
# hooks and their neighbours ask for.
FAMILY = [
    ("dynamodb", "get_item", "DYNAMODB"),
    ("dynamodbstreams", "list_streams", "DYNAMODB_STREAMS"),
    ("ssm", "get_parameter", "SSM"),
    ("secretsmanager", "get_secret_value", "SECRETS_MANAGER"),
    ("kms", "encrypt", "KMS"),
    ("logs", "put_log_events", "CLOUDWATCH_LOGS"),
    ("events", "put_events", "EVENTBRIDGE"),
    ("cloudwatch", "put_metric_data", "CLOUDWATCH"),
    ("kinesis", "put_record", "KINESIS"),
    ("firehose", "put_record", "FIREHOSE"),
    ("stepfunctions", "start_execution", "SFN"),
    ("ecr", "describe_repositories", "ECR"),
    ("acm", "list_certificates", "ACM"),
    ("cognito-idp", "list_user_pools", "COGNITO_IDENTITY_PROVIDER"),
    ("sqs", "send_message", "SQS"),
    ("sns", "publish", "SNS"),
    ("ses", "send_email", "SES"),
    ("sesv2", "send_email", "SESV2"),
    ("cloudformation", "describe_stacks", "CLOUDFORMATION"),
    ("autoscaling", "describe_auto_scaling_groups", "AUTO_SCALING"),
    ("rds", "describe_db_instances", "RDS"),
    ("ec2", "describe_vpcs", "EC2"),
    ("s3", "get_object", "S3"),
    ("s3", "put_object", "S3"),
    ("route53", "list_hosted_zones", "ROUTE_53"),
    ("apigateway", "get_rest_apis", "API_GATEWAY"),
    ("greengrass", "list_groups", "GREENGRASS"),
    ("greengrassv2", "list_core_devices", "GREENGRASS"),
    ("iotsitewise", "list_assets", "IOTSITEWISE"),
    ("iotfleetwise", "list_vehicles", "IOTFLEETWISE"),
    ("iotwireless", "list_destinations", "IOT_WIRELESS"),
    ("location", "list_trackers", "LOCATION"),
]
# Values that a client takes for a shape, so that the request is sent.
VALUES = {
    "blob": lambda shape: b"x",
    "boolean": lambda shape: True,
    "double": lambda shape: 1.0,
    "integer": lambda shape: 1,
    "list": lambda shape: [value(shape.member)],
    "long": lambda shape: 1,
    "map": lambda shape: {"x": value(shape.value)},
    "string": lambda shape: (shape.enum or ["x" * max(1, shape.metadata.get("min", 1))])[0],
    "structure": lambda shape: required(shape),
    "timestamp": lambda shape: 0,
}


def value(shape):
    return VALUES[shape.type_name](shape)


def required(shape):
    return {name: value(shape.members[name]) for name in shape.required_members}


def call(client, operation):
    """Calls an operation with all that its model requires."""
    model = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[operation]
    )
    return getattr(client, operation)(**required(model.input_shape))


@pytest.mark.parametrize("name, operation, variable", FAMILY)
def test_a_service_that_is_not_here_says_so_and_how_to_reach_it(
    server, name, operation, variable
):
    client = make_client(server, name, inject_host_prefix=False)
    with pytest.raises(ClientError) as caught:
        call(client, operation)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501, answer
    assert answer["Error"]["Code"] in ("NotImplemented", "NotImplementedException")
    message = answer["Error"]["Message"]
    assert message.startswith("There is no "), message
    assert f"Set AWS_ENDPOINT_URL_{variable} to a server" in message, message


def test_a_head_has_no_body_and_its_status_says_it(server):
    with pytest.raises(ClientError) as caught:
        make_client(server, "s3").head_object(Bucket="bucket", Key="key")
    assert caught.value.response["Error"]["Code"] == "501"


def test_a_wrong_region_is_no_matter_where_there_is_no_service(server):
    client = make_client(server, "dynamodb", "AKIDEXAMPLE", "secret", region="eu-west-3")
    with pytest.raises(ClientError, match="There is no DynamoDB here"):
        client.list_tables()

