#!/usr/bin/env bash
# Just-in-time provisioning, as AWS's guide tells it: a CA of one's own is registered with a
# template; a device with a certificate of that CA connects, fails, and is a thing when it comes
# again.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=jitp-$RANDOM$RANDOM

# The role with whose permissions AWS IoT registers things.
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }
role=$(iam create-role --role-name "$name" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration

# 1. A CA of one's own, and the proof that we hold its key.
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 365 \
    -subj "/O=Factory/CN=CA of $name" 2>openssl.log
code=$(iot get-registration-code --query registrationCode --output text)
openssl req -new -newkey rsa:2048 -nodes -keyout proof.key -out proof.csr -subj "/CN=$code" 2>>openssl.log
openssl x509 -req -in proof.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out proof.pem \
    -days 30 -sha256 2>>openssl.log

# 2. The template: a thing named by the subject's common name, with its country.
cat >policy.json <<'JSON'
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["iot:Connect", "iot:Publish"], "Resource": "*"}
  ]
}
JSON
iot create-policy --policy-name "$name" --policy-document file://policy.json >/dev/null
cat >template.json <<JSON
{
  "Parameters": {
    "AWS::IoT::Certificate::CommonName": {"Type": "String"},
    "AWS::IoT::Certificate::Country": {"Type": "String"},
    "AWS::IoT::Certificate::Id": {"Type": "String"}
  },
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {
        "ThingName": {"Ref": "AWS::IoT::Certificate::CommonName"},
        "AttributePayload": {"country": {"Ref": "AWS::IoT::Certificate::Country"}}
      }
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "ACTIVE"}
    },
    "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "$name"}}
  }
}
JSON
iot create-provisioning-template --template-name "$name" --type JITP --enabled \
    --provisioning-role-arn "$role" \
    --template-body file://template.json >/dev/null
ca=$(iot register-ca-certificate --ca-certificate file://ca.pem \
    --verification-certificate file://proof.pem --set-as-active --allow-auto-registration \
    --registration-config "templateName=$name" --query certificateId --output text)

# 3. A device, made in the factory: nobody tells the server of it.
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr \
    -subj "/C=CH/O=Factory/CN=$name-device" 2>>openssl.log
openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out device.pem \
    -days 365 -sha256 2>>openssl.log
# The CA is sent along, so that the device need not name the server.
cat device.pem ca.pem >device-and-ca.pem

connect() {
    timeout 20 mosquitto_pub -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name-device" -q 1 \
        --cafile "$FLEETWRIGHT_ROOT_CA" --cert device-and-ca.pem --key device.key \
        -t hello -m "I am here" 2>>mosquitto.log
}

# 4. The first connection registers and fails; a later one is let in.
if connect; then
    echo "the first connection was let in" >&2
    exit 1
fi
for _ in 1 2 3 4 5; do
    if connect; then connected=yes && break; fi
    sleep 0.2
done
[ "${connected:-no}" = yes ]

# 5. What there is now.
[ "$(iot describe-thing --thing-name "$name-device" --query attributes.country --output text)" = CH ]
[ "$(iot list-certificates-by-ca --ca-certificate-id "$ca" --query 'certificates[0].status' \
    --output text)" = ACTIVE ]
[ "$(iot list-ca-certificates --template-name "$name" --query 'certificates[0].certificateId' \
    --output text)" = "$ca" ]
echo "$name-device is provisioned"
