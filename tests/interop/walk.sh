#!/usr/bin/env bash
# The claim tutorial's control plane and one refusal, with an `aws` command of any year.
set -euo pipefail
program=$1 endpoint=$2 name=$3 trust=$4 policy=$5 template=$6
aws() { "$program" --endpoint-url "$endpoint" --output json "$@"; }
field() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, key: value[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

account=$(aws sts get-caller-identity | field Account)
address=$(aws iot describe-endpoint --endpoint-type iot:Data-ATS | field endpointAddress)
role=$(aws iam create-role --role-name "$name" --assume-role-policy-document "$trust" | field Role Arn)
aws iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration
aws iot create-policy --policy-name "$name" --policy-document "$policy" >/dev/null
claim=$(aws iot create-keys-and-certificate --set-as-active)
aws iot attach-policy --policy-name "$name" --target "$(field certificateArn <<<"$claim")"
aws iot create-provisioning-template --template-name "$name" --enabled \
    --provisioning-role-arn "$role" --template-body "$template" >/dev/null
enabled=$(aws iot describe-provisioning-template --template-name "$name" | field enabled)
aws lambda list-functions | field Functions >/dev/null
if refusal=$(aws iot describe-thing --thing-name "$name-nobody" 2>&1); then
    refusal=none
fi
version=$("$program" --version 2>&1)
python3 -c 'import json, re, sys
version, account, address, key, enabled, refusal = sys.argv[1:]
print(json.dumps({
    "version": version.split()[0].partition("/")[2], "account": account, "endpoint": bool(address),
    "key": key.startswith("-----BEGIN"), "template": enabled == "True", "functions": True,
    "refused": "".join(re.findall(r"\((\w+)\)", refusal)[:1]),
}))' "$version" "$account" "$address" "$(field keyPair PrivateKey <<<"$claim")" "$enabled" "$refusal"
