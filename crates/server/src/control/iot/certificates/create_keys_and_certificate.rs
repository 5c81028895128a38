//! `CreateKeysAndCertificate`: a key pair with its certificate. The private key is in the answer
//! and nowhere else.

use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::issuance::Purpose;

pub(super) const NAME: &str = "CreateKeysAndCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let active = call.query_flag("setAsActive")?;
    let issued = control.issuance.with_keys(&control.store, Purpose::Operator { active }).await?;
    let certificate = issued.certificate;
    Ok(Answer::json(json!({
        "certificateArn": control.home.arn("cert", certificate.id),
        "certificateId": certificate.id.to_string(),
        "certificatePem": certificate.pem,
        "keyPair": {
            "PublicKey": issued.public_key_pem,
            "PrivateKey": issued.private_key_pem.as_str(),
        },
    })))
}
