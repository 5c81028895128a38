//! The same by hand, with AWS's own command.

const COMMANDS: &str = r#"
The same by hand, from the root of this repository:

  export PATH="$PWD/target/debug:$PATH"    # where `make quickstart` puts fleetwright

  # a server; it prints where it listens
  fleetwright serve --config docs/examples/fleetwright.toml &

  # AWS's own command line, with another endpoint
  export AWS_SHARED_CREDENTIALS_FILE=./fleetwright-data/admin.credentials AWS_REGION=us-east-1
  iot() { aws iot --endpoint-url http://127.0.0.1:8080 "$@"; }
  iam() { aws iam --endpoint-url http://127.0.0.1:8080 "$@"; }

  arn=$(iot create-keys-and-certificate --set-as-active --query certificateArn --output text \
        --certificate-pem-outfile claim.cert.pem --private-key-outfile claim.key)
  iot create-policy --policy-name ClaimPolicy --policy-document file://docs/examples/claim-policy.json
  iot attach-policy --policy-name ClaimPolicy --target "$arn"
  iot create-thing-type --thing-type-name TemperatureSensor
  iot create-thing-group --thing-group-name v1-sensors
  iot create-thing-group --thing-group-name Berlin-sensors
  iot create-billing-group --billing-group-name WarehouseBilling
  iam create-role --role-name Provisioning \
      --assume-role-policy-document file://docs/examples/provisioning-role-trust.json
  iam attach-role-policy --role-name Provisioning \
      --policy-arn arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration
  iot create-provisioning-template --template-name FleetTemplate --enabled \
      --template-body file://docs/examples/fleet-template.json \
      --provisioning-role-arn arn:aws:iam::123456789012:role/Provisioning \
      --pre-provisioning-hook targetArn=command:known-serials

  # a device
  fleetwright device provision --endpoint localhost:8883 --ca fleetwright-data/root-ca.pem \
      --claim-cert claim.cert.pem --claim-key claim.key --template FleetTemplate \
      --parameter SerialNumber=SN-0001 --identity ./SN-0001
  fleetwright device publish --identity ./SN-0001 fleet/sensor_SN-0001/telemetry '{"celsius":21.5}'
  iot list-things"#;

/// Prints the commands.
pub(super) fn print() {
    println!("{COMMANDS}");
}
