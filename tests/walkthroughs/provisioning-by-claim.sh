#!/usr/bin/env bash
# Fleet provisioning by claim, as AWS's guide tells it: many devices leave the factory with the same
# claim certificate, and each exchanges it for a certificate and a thing of its own.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=claim-$RANDOM$RANDOM
account=arn:aws:iot:us-east-1:123456789012

# The role with whose permissions AWS IoT registers things.
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }
role=$(iam create-role --role-name "$name" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration

# 1. What a device may do once it is provisioned.
cat >device-policy.json <<'JSON'
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*"}
  ]
}
JSON
iot create-policy --policy-name "$name-device" --policy-document file://device-policy.json >/dev/null

# 2. The template: a thing named by the serial number.
cat >template.json <<JSON
{
  "Parameters": {
    "SerialNumber": {"Type": "String"},
    "AWS::IoT::Certificate::Id": {"Type": "String"}
  },
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {
        "ThingName": {"Fn::Join": ["", ["$name-", {"Ref": "SerialNumber"}]]},
        "AttributePayload": {"serial": {"Ref": "SerialNumber"}}
      }
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"}
    },
    "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "$name-device"}}
  },
  "DeviceConfiguration": {"url": "https://fleet.example"}
}
JSON
iot create-provisioning-template --template-name "$name" --enabled \
    --provisioning-role-arn "$role" \
    --template-body file://template.json >/dev/null

# 3. The claim certificate, which may provision with this template and do nothing else.
claim=$(iot create-keys-and-certificate --set-as-active --certificate-pem-outfile claim.pem \
    --private-key-outfile claim.key --query certificateArn --output text)
cat >claim-policy.json <<JSON
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
    {
      "Effect": "Allow",
      "Action": ["iot:Publish", "iot:Receive"],
      "Resource": [
        "$account:topic/\$aws/certificates/create/*",
        "$account:topic/\$aws/provisioning-templates/$name/provision/*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": "iot:Subscribe",
      "Resource": [
        "$account:topicfilter/\$aws/certificates/create/*",
        "$account:topicfilter/\$aws/provisioning-templates/$name/provision/*"
      ]
    }
  ]
}
JSON
iot create-policy --policy-name "$name-claim" --policy-document file://claim-policy.json >/dev/null
iot attach-policy --policy-name "$name-claim" --target "$claim"

# 4. The device: its own certificate first, then its registration.
# A member of a JSON object on standard input.
member() { python -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]], end="")' "$1"; }
create='$aws/certificates/create/json'
provision="\$aws/provisioning-templates/$name/provision/json"
# One request on a topic, and what answers it on another.
ask() {
    timeout 20 mosquitto_rr -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name-device" -q 1 -W 10 \
        --cafile "$FLEETWRIGHT_ROOT_CA" --cert claim.pem --key claim.key \
        -t "$1" -e "$2" -m "$3" 2>>mosquitto.log
}
ask "$create" "$create/accepted" "{}" >keys.json
member certificatePem <keys.json >device.pem
member privateKey <keys.json >device.key
token=$(member certificateOwnershipToken <keys.json)
ask "$provision" "$provision/accepted" \
    "{\"certificateOwnershipToken\": \"$token\", \"parameters\": {\"SerialNumber\": \"7\"}}" >thing.json
[ "$(member thingName <thing.json)" = "$name-7" ]

# 5. From now on it is itself.
timeout 20 mosquitto_pub -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name-7" -q 1 \
    --cafile "$FLEETWRIGHT_ROOT_CA" --cert device.pem --key device.key \
    -t hello -m "I am here" 2>>mosquitto.log
[ "$(iot describe-thing --thing-name "$name-7" --query attributes.serial --output text)" = 7 ]
certificate=$(iot list-thing-principals --thing-name "$name-7" --query 'principals[0]' --output text)
[ "${certificate##*/}" = "$(member certificateId <keys.json)" ]

# 6. A claim that fell into wrong hands is switched off.
iot update-certificate --certificate-id "${claim##*/}" --new-status REVOKED
if ask "$create" "$create/accepted" "{}" >refused.json; then
    echo "a revoked claim was let in" >&2
    exit 1
fi
echo "$name-7 is provisioned"
