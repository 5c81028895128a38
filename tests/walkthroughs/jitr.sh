#!/usr/bin/env bash
# Just-in-time registration, as AWS's guide tells it: a first connection is told on
# $aws/events/certificates/registered/…, and whoever hears of it activates the certificate.
set -euo pipefail

iot() { aws --endpoint-url "$FLEETWRIGHT_API" iot "$@"; }
name=jitr-$RANDOM$RANDOM
port=${FLEETWRIGHT_MQTT##*:}

# 1. A CA of one's own; without a template, in mode SNI_ONLY.
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -out ca.pem -days 365 -subj "/CN=CA of $name"
ca=$(iot register-ca-certificate --ca-certificate file://ca.pem --certificate-mode SNI_ONLY \
    --set-as-active --allow-auto-registration --query certificateId --output text)

# 2. Who listens: an application with a certificate of its own.
cat >policy.json <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
JSON
iot create-policy --policy-name "$name" --policy-document file://policy.json >/dev/null
arn=$(iot create-keys-and-certificate --set-as-active --certificate-pem-outfile application.pem \
    --private-key-outfile application.key --query certificateArn --output text)
iot attach-policy --policy-name "$name" --target "$arn"
mosquitto_sub -h localhost -p "$port" -i "$name-application" -q 1 --cafile "$FLEETWRIGHT_ROOT_CA" \
    --cert application.pem --key application.key -C 1 -W 60 \
    -t "\$aws/events/certificates/registered/$ca" >told.json 2>mosquitto_sub.log &
listener=$!

# 3. A device knocks until somebody hears of it: the listener does not say when it is ready.
openssl ecparam -name prime256v1 -genkey -noout -out device.key
openssl req -new -key device.key -out device.csr -subj "/CN=$name-device"
openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out device.pem \
    -days 365 -sha256 2>openssl.log
connect() {
    timeout 20 mosquitto_pub -h localhost -p "$port" -i "$name-device" -q 1 \
        --cafile "$FLEETWRIGHT_ROOT_CA" --cert device.pem --key device.key \
        -t hello -m "I am here" 2>>mosquitto.log
}
for _ in $(seq 300); do
    if connect; then
        echo "a certificate that waits was let in" >&2
        exit 1
    fi
    if [ -s told.json ]; then break; fi
    sleep 0.1
done
wait "$listener"

# 4. The application's rule: give the certificate a policy and switch it on.
id=$(sed -E 's/.*"certificateId":"([0-9a-f]{64})".*/\1/' told.json)
[ "$id" = "$(openssl x509 -in device.pem -outform der | sha256sum | cut -d' ' -f1)" ]
grep -q '"certificateStatus":"PENDING_ACTIVATION"' told.json
arn=$(iot describe-certificate --certificate-id "$id" \
    --query certificateDescription.certificateArn --output text)
iot attach-policy --policy-name "$name" --target "$arn"
iot update-certificate --certificate-id "$id" --new-status ACTIVE

# 5. The device is let in.
connect
echo "$name-device is registered"
