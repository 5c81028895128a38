#!/usr/bin/env bash
# Bulk registration, as AWS's guide tells it: a file with a line of parameters for each device, a
# task that works through it, and reports of what was and was not registered.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=bulk-$RANDOM$RANDOM

# The role with whose permissions AWS IoT registers things.
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }
role=$(iam create-role --role-name "$name" --query Role.Arn --output text \
    --assume-role-policy-document '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}')
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration
count=20

# 1. The file: a line for each device, with its request; one of them is wrong. Its bucket is a
#    directory that the server's configuration allows.
mkdir "$FLEETWRIGHT_BULK/$name"
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr \
    -subj "/CN=$name" 2>openssl.log
python - "$name" "$count" <<'PY' >"$FLEETWRIGHT_BULK/$name/devices.json"
import json
import sys

name, count = sys.argv[1], int(sys.argv[2])
csr = open("device.csr").read()
for n in range(count):
    thing = f"{name}-{n}" if n != 3 else "not a name"
    print(json.dumps({"ThingName": thing, "SerialNumber": str(n), "CSR": csr}))
PY

# 2. The template.
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
    "ThingName": {"Type": "String"},
    "SerialNumber": {"Type": "String"},
    "CSR": {"Type": "String"}
  },
  "Resources": {
    "thing": {
      "Type": "AWS::IoT::Thing",
      "Properties": {
        "ThingName": {"Ref": "ThingName"},
        "AttributePayload": {"serial": {"Ref": "SerialNumber"}}
      }
    },
    "certificate": {
      "Type": "AWS::IoT::Certificate",
      "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}}
    },
    "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "$name"}}
  }
}
JSON

# 3. The task, until its end.
task=$(iot start-thing-registration-task --template-body file://template.json \
    --input-file-bucket "$name" --input-file-key devices.json \
    --role-arn "$role" \
    --query taskId --output text)
for _ in $(seq 60); do
    status=$(iot describe-thing-registration-task --task-id "$task" --query status --output text)
    if [ "$status" != InProgress ]; then break; fi
    sleep 0.5
done
[ "$status" = Completed ]
iot describe-thing-registration-task --task-id "$task" \
    --query '[successCount, failureCount, percentageProgress]' --output text >counts.txt
[ "$(tr '\t' ' ' <counts.txt)" = "$((count - 1)) 1 100" ]
[ "$(iot list-thing-registration-tasks --status Completed --query "contains(taskIds, '$task')")" = true ]

# 4. The reports; their links need no credentials.
report() { # type
    link=$(iot list-thing-registration-task-reports --task-id "$task" --report-type "$1" \
        --query 'resourceLinks[0]' --output text)
    python -c 'import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1]).read().decode())' "$link"
}
report ERRORS >errors.jsonl
report RESULTS >results.jsonl
[ "$(wc -l <errors.jsonl)" = 1 ] && [ "$(wc -l <results.jsonl)" = $((count - 1)) ]
python - <<'PY'
import json

(error,) = map(json.loads, open("errors.jsonl"))
assert error["line"] == 4 and "not a name" in error["message"], error
first = json.loads(open("results.jsonl").readline())
open("device.pem", "w").write(first["response"]["certificatePem"])
PY

# 5. The first device is in.
name=$name-0
timeout 20 mosquitto_pub -h localhost -p "${FLEETWRIGHT_MQTT##*:}" -i "$name" -q 1 \
    --cafile "$FLEETWRIGHT_ROOT_CA" --cert device.pem --key device.key \
    -t hello -m "I am here" 2>>mosquitto.log
[ "$(iot describe-thing --thing-name "$name" --query attributes.serial --output text)" = 0 ]
echo "$name is registered"
