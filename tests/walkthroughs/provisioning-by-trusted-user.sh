#!/usr/bin/env bash
# Fleet provisioning by trusted user, as AWS's guide tells it: an installer's app asks for a claim
# that is good for five minutes and hands it to the device, which exchanges it for its own.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=user-$RANDOM$RANDOM

# The role with whose permissions AWS IoT registers things.
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }
role=$(iam create-role --role-name "$name" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration

# 1. A template, with the policy of its devices inside.
cat >template.json <<JSON
{
  "Parameters": {"SerialNumber": {"Type": "String"}},
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {"ThingName": {"Fn::Sub": "$name-\${SerialNumber}"}}
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "Active"}
    },
    "policy": {
      "Type": "AWS::IoT::Policy",
      "Properties": {
        "PolicyDocument": {
          "Version": "2012-10-17",
          "Statement": [
            {"Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*"}
          ]
        }
      }
    }
  }
}
JSON
iot create-provisioning-template --template-name "$name" --enabled \
    --provisioning-role-arn "$role" \
    --template-body file://template.json >/dev/null

# 2. The app of the trusted user asks for a claim.
iot create-provisioning-claim --template-name "$name" >claim.json
# A member of a JSON object on standard input.
member() { python -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]], end="")' "$1"; }
member certificatePem <claim.json >claim.pem
python -c 'import json; print(json.load(open("claim.json"))["keyPair"]["PrivateKey"], end="")' >claim.key
chmod 600 claim.key

# 3. It is in no list, and nobody can give it more rights.
id=$(member certificateId <claim.json)
[ -z "$(iot list-certificates --query "certificates[?certificateId=='$id'].certificateId" --output text)" ]

# 4. The device provisions itself with it.
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
[ "$(iot describe-certificate --certificate-id "$(member certificateId <keys.json)" \
    --query certificateDescription.status --output text)" = ACTIVE ]
echo "$name-7 is provisioned"
