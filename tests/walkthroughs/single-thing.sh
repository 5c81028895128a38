#!/usr/bin/env bash
# Single-thing registration, as AWS's guide tells it: the operator registers one device by its
# certificate signing request, with a template of the request.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=single-$RANDOM$RANDOM

# 1. The device keeps its key; its request goes to the operator.
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr \
    -subj "/CN=$name" 2>openssl.log

# 2. The template and its parameters.
cat >template.json <<'JSON'
{
  "Parameters": {
    "ThingName": {"Type": "String"},
    "SerialNumber": {"Type": "String"},
    "Location": {"Type": "String", "Default": "WA"},
    "CSR": {"Type": "String"}
  },
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {
        "ThingName": {"Ref": "ThingName"},
        "AttributePayload": {
          "serial": {"Ref": "SerialNumber"},
          "location": {"Ref": "Location"}
        }
      }
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}, "Status": "ACTIVE"}
    },
    "policy": {
      "Type": "AWS::IoT::Policy",
      "Properties": {
        "PolicyDocument": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"iot:Connect\", \"iot:Publish\"], \"Resource\": \"*\"}]}"
      }
    }
  }
}
JSON
python - "$name" <<'PY' >parameters.json
import json
import sys

csr = open("device.csr").read()
print(json.dumps({"ThingName": sys.argv[1], "SerialNumber": "1234", "CSR": csr}))
PY

# 3. One call makes all three.
iot register-thing --template-body file://template.json --parameters file://parameters.json >made.json
python - <<'PY'
import json

made = json.load(open("made.json"))
assert set(made["resourceArns"]) == {"thing", "certificate", "policy"}, made
open("device.pem", "w").write(made["certificatePem"])
PY

# 4. The device is in.
timeout 20 mosquitto_pub -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name" -q 1 \
    --cafile "$FLEETWRIGHT_ROOT_CA" --cert device.pem --key device.key \
    -t hello -m "I am here" 2>>mosquitto.log
[ "$(iot describe-thing --thing-name "$name" --query attributes.location --output text)" = WA ]
echo "$name is registered"
