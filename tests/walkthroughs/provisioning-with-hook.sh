#!/usr/bin/env bash
# A pre-provisioning hook, as AWS's guide tells it: before a device is registered, a Lambda function
# that knows the serial numbers is asked.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=hook-$RANDOM$RANDOM

# The role with whose permissions AWS IoT registers things.
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }
role=$(iam create-role --role-name "$name" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration

# 1. The hook: serial numbers that begin with A are ours, and it says where they stand.
lambda() { aws --endpoint-url "$FLEETWRIGHT_API" lambda "$@"; }
cat >hook.py <<'PY'
def pre_provisioning_hook(event, context):
    print("asked about", event["parameters"])
    known = event["parameters"].get("SerialNumber", "").startswith("A")
    return {"allowProvisioning": known, "parameterOverrides": {"Location": "hall-3"}}
PY
python -m zipfile -c hook.zip hook.py
execution=$(iam create-role --role-name "$name-hook" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
function=$(lambda create-function --function-name "$name" --runtime python3.12 \
    --handler hook.pre_provisioning_hook --zip-file fileb://hook.zip --role "$execution" \
    --query FunctionArn --output text)
account=$(cut -d: -f5 <<<"$function")
lambda add-permission --function-name "$name" --statement-id iot \
    --action lambda:InvokeFunction --principal iot.amazonaws.com --source-account "$account" \
    --source-arn "arn:aws:iot:us-east-1:$account:provisioningtemplate/$name" >permission.json

# 2. The template, with the hook.
cat >template.json <<JSON
{
  "Parameters": {"SerialNumber": {"Type": "String"}, "Location": {"Type": "String"}},
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {
        "ThingName": {"Fn::Sub": "$name-\${SerialNumber}"},
        "AttributePayload": {"location": {"Ref": "Location"}}
      }
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"}
    }
  }
}
JSON
iot create-provisioning-template --template-name "$name" --enabled \
    --provisioning-role-arn "$role" \
    --template-body file://template.json \
    --pre-provisioning-hook "payloadVersion=2020-04-01,targetArn=$function" \
    >/dev/null

# 3. A claim for it.
iot create-provisioning-claim --template-name "$name" >claim.json
# A member of a JSON object on standard input.
member() { python -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]], end="")' "$1"; }
member certificatePem <claim.json >claim.pem
python -c 'import json; print(json.load(open("claim.json"))["keyPair"]["PrivateKey"], end="")' >claim.key

# 4. A device that is not ours is refused, and no thing is made.
create='$aws/certificates/create/json'
provision="\$aws/provisioning-templates/$name/provision/json"
# One request on a topic, and what answers it on another.
ask() {
    timeout 20 mosquitto_rr -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name-device" -q 1 -W 10 \
        --cafile "$FLEETWRIGHT_ROOT_CA" --cert claim.pem --key claim.key \
        -t "$1" -e "$2" -m "$3" 2>>mosquitto.log
}
register() { # serial number, outcome
    ask "$create" "$create/accepted" "{}" >keys.json
    token=$(member certificateOwnershipToken <keys.json)
    ask "$provision" "$provision/$2" \
        "{\"certificateOwnershipToken\": \"$token\", \"parameters\": {\"SerialNumber\": \"$1\"}}"
}
register B1 rejected >rejected.json
[ "$(member statusCode <rejected.json)" = 403 ]
if iot describe-thing --thing-name "$name-B1" 2>missing.log; then
    echo "a refused device has a thing" >&2
    exit 1
fi

# 5. One of ours is registered with what the hook said.
register A1 accepted >thing.json
[ "$(member thingName <thing.json)" = "$name-A1" ]
[ "$(iot describe-thing --thing-name "$name-A1" --query attributes.location --output text)" = hall-3 ]

# 6. Without the hook anybody with the claim may join; what it said is missing then.
iot update-provisioning-template --template-name "$name" --remove-pre-provisioning-hook
register B1 rejected >rejected.json
[ "$(member errorMessage <rejected.json)" = "Cannot resolve reference value: Location" ]
echo "$name-A1 is provisioned"
