#!/usr/bin/env bash
# Signing in with a token of an OpenID Connect issuer, as the IAM user guide tells it: the issuer is
# registered, a role trusts it, and whoever holds a token works with the role's permissions, without
# an access key.
set -euo pipefail

name=web-$RANDOM$RANDOM
iam() { aws --endpoint-url "$FLEETWRIGHT_API" iam "$@"; }

# 1. An issuer: two documents that anybody may read, and a key that nobody else has.
mkdir -p issuer/.well-known
python -u -m http.server 0 --bind 127.0.0.1 --directory issuer >issuer.log 2>&1 &
trap 'kill %1' EXIT
until grep -q 'port [0-9]' issuer.log; do sleep 0.1; done
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' issuer.log)
issuer=http://127.0.0.1:$port
openssl genrsa -out issuer.key 2048 2>openssl.log
python - "$issuer" <<'PY'
import base64, json, subprocess, sys, time

issuer = sys.argv[1]
encoded = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
show = ["openssl", "rsa", "-in", "issuer.key", "-noout", "-modulus"]
modulus = subprocess.check_output(show, text=True).strip().removeprefix("Modulus=")
key = {"kty": "RSA", "kid": "2026", "use": "sig", "alg": "RS256"}
key |= {"n": encoded(bytes.fromhex(modulus)), "e": "AQAB"}
json.dump({"keys": [key]}, open("issuer/keys", "w"))
discovery = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
json.dump(discovery, open("issuer/.well-known/openid-configuration", "w"))
# What the issuer gives to somebody who has signed in there.
now = int(time.time())
claims = {"iss": issuer, "sub": "line-4", "aud": "factory", "iat": now, "exp": now + 600}
header = {"alg": "RS256", "kid": "2026"}
signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
sign = ["openssl", "dgst", "-sha256", "-sign", "issuer.key"]
signature = subprocess.check_output(sign, input=signed.encode())
open("token", "w").write(f"{signed}.{encoded(signature)}")
PY

# 2. The account knows the issuer, and a role trusts one of its subjects.
provider=$(iam create-open-id-connect-provider --url "$issuer" --client-id-list factory \
    --query OpenIDConnectProviderArn --output text)
cat >trust.json <<JSON
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"Federated": "$provider"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {
      "127.0.0.1:$port:aud": "factory",
      "127.0.0.1:$port:sub": "line-4"
    }}
  }]
}
JSON
role=$(iam create-role --role-name "$name" --assume-role-policy-document file://trust.json \
    --query Role.Arn --output text)
iam attach-role-policy --role-name "$name" \
    --policy-arn arn:aws:iam::aws:policy/AWSIoTConfigReadOnlyAccess

# 3. By hand: a token becomes credentials for an hour.
unset AWS_SHARED_CREDENTIALS_FILE
[ "$(aws --endpoint-url "$FLEETWRIGHT_API" sts assume-role-with-web-identity \
    --role-arn "$role" --role-session-name line-4 --web-identity-token "$(cat token)" \
    --query SubjectFromWebIdentityToken --output text)" = line-4 ]

# 4. Or as every SDK does it by itself: a file with the token is all that a machine needs.
export AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token AWS_ROLE_ARN=$role AWS_ROLE_SESSION_NAME=line-4
export AWS_ENDPOINT_URL=$FLEETWRIGHT_API
aws sts get-caller-identity --query Arn --output text | grep -q "assumed-role/$name/line-4"
aws iot list-things >/dev/null

# 5. The role's permissions, and no more.
if aws iot create-thing --thing-name "$name" 2>refused.log; then
    echo "the role may not create things" >&2
    exit 1
fi
grep -q AccessDenied refused.log
echo "line-4 is signed in as $name"
