//! The claim tutorial's control plane of AWS IoT and one refusal, with the AWS SDK for Rust.

use std::error::Error;

use aws_sdk_iot::config::{Credentials, Region};
use aws_sdk_iot::error::ProvideErrorMetadata;
use aws_sdk_iot::{Client, Config};
use aws_smithy_http_client::Builder;
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("ENDPOINT NAME ROLE POLICY TEMPLATE");
    let (endpoint, name, role, policy, template) = (next()?, next()?, next()?, next()?, next()?);
    let key = (std::env::var("AWS_ACCESS_KEY_ID")?, std::env::var("AWS_SECRET_ACCESS_KEY")?);
    let config = Config::builder()
        .endpoint_url(endpoint)
        .region(Region::new(std::env::var("AWS_REGION")?))
        .credentials_provider(Credentials::new(key.0, key.1, None, None, "environment"))
        .http_client(Builder::new().build_http())
        .build();
    let iot = Client::from_conf(config);
    let found = iot.describe_endpoint().endpoint_type("iot:Data-ATS").send().await?;
    iot.create_policy().policy_name(&name).policy_document(policy).send().await?;
    let claim = iot.create_keys_and_certificate().set_as_active(true).send().await?;
    let certificate = claim.certificate_arn.unwrap_or_default();
    iot.attach_policy().policy_name(&name).target(certificate).send().await?;
    let create = iot.create_provisioning_template().template_name(&name).enabled(true);
    create.provisioning_role_arn(role).template_body(template).send().await?;
    let described = iot.describe_provisioning_template().template_name(&name).send().await?;
    let nobody = iot.describe_thing().thing_name(format!("{name}-nobody")).send().await;
    let private = claim.key_pair.and_then(|pair| pair.private_key).unwrap_or_default();
    let result = json!({
        "version": aws_sdk_iot::meta::PKG_VERSION,
        "endpoint": found.endpoint_address.is_some(),
        "key": private.starts_with("-----BEGIN"),
        "template": described.enabled,
        "refused": nobody.err().and_then(|error| error.code().map(str::to_owned)),
    });
    println!("{result}");
    Ok(())
}
