//! What a file holds, by its content.

use clap::ValueEnum;
use fleetwright_core::authorization::operation;
use fleetwright_core::policy::is_device_action;
use serde_json::Value;

/// What may be linted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// A template of type FLEET_PROVISIONING
    FleetTemplate,
    /// A template of type JITP, or a CA's registrationConfig
    JitpTemplate,
    /// The templateBody of register-thing or start-thing-registration-task
    BulkTemplate,
    /// A policy for certificates and thing groups (aws iot create-policy)
    DevicePolicy,
    /// A policy of a user, group or role (aws iam put-role-policy)
    IdentityPolicy,
    /// The trust policy of a role (aws iam create-role)
    TrustPolicy,
}

impl Kind {
    /// As people read it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::FleetTemplate => "fleet provisioning template",
            Self::JitpTemplate => "JITP template",
            Self::BulkTemplate => "template of RegisterThing or a registration task",
            Self::DevicePolicy => "device policy",
            Self::IdentityPolicy => "identity policy",
            Self::TrustPolicy => "trust policy",
        }
    }

    /// Tells templates by `Resources`, policies by `Statement`; `None` when neither is there.
    pub(super) fn of(document: &Value) -> Option<Self> {
        if document.get("Statement").is_some() {
            return Some(Self::of_policy(document));
        }
        document.get("Resources").map(|resources| Self::of_template(document, resources))
    }

    fn of_template(document: &Value, resources: &Value) -> Self {
        let text = document.to_string();
        let subject = text.matches("AWS::IoT::Certificate::").count();
        if subject > text.matches("AWS::IoT::Certificate::Id").count() {
            return Self::JitpTemplate;
        }
        let mut properties = resources.as_object().into_iter().flatten().filter_map(|(_, one)| {
            (one.get("Type")? == "AWS::IoT::Certificate").then(|| one.get("Properties"))?
        });
        let bulk = properties.any(|properties| {
            ["CertificateSigningRequest", "CertificatePem"]
                .iter()
                .any(|name| properties.get(name).is_some())
        });
        if bulk { Self::BulkTemplate } else { Self::FleetTemplate }
    }

    fn of_policy(document: &Value) -> Self {
        let statements: Vec<&Value> = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            one => one.into_iter().collect(),
        };
        if statements.iter().any(|statement| statement.get("Principal").is_some()) {
            return Self::TrustPolicy;
        }
        let names = statements.iter().flat_map(|statement| {
            ["Action", "NotAction"].into_iter().filter_map(|name| statement.get(name))
        });
        let mut actions = names.flat_map(|names| match names {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            name => Vec::from_iter(name.as_str()),
        });
        match actions.any(of_operators) {
            true => Self::IdentityPolicy,
            false => Self::DevicePolicy,
        }
    }
}

/// Whether an action is none of devices. A misspelt one of AWS IoT's is taken for a device's: that
/// is what is said of it then.
fn of_operators(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return false };
    match service.to_ascii_lowercase().as_str() {
        "greengrass" | "iotjobsdata" => false,
        "iot" if is_device_action(action) => false,
        "iot" => name.contains(['*', '?']) || operation("iot", name).is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_known_by_its_content() {
        let statement = |action: &str| json!({"Statement": [{"Action": action, "Resource": "*"}]});
        let template = |properties: Value| json!({"Resources": {"c": {"Type": "AWS::IoT::Certificate", "Properties": properties}}});
        for (document, kind) in [
            (statement("iot:Publish"), Some(Kind::DevicePolicy)),
            (statement("iot:*"), Some(Kind::DevicePolicy)),
            (statement("iot:Publsh"), Some(Kind::DevicePolicy)),
            (statement("greengrass:Discover"), Some(Kind::DevicePolicy)),
            (statement("iot:Create*"), Some(Kind::IdentityPolicy)),
            (statement("iot:CreateThing"), Some(Kind::IdentityPolicy)),
            (statement("lambda:InvokeFunction"), Some(Kind::IdentityPolicy)),
            (json!({"Statement": {"Principal": "*", "Action": "a:B"}}), Some(Kind::TrustPolicy)),
            (template(json!({"CertificateId": "x"})), Some(Kind::FleetTemplate)),
            (template(json!({"CertificatePem": "x"})), Some(Kind::BulkTemplate)),
            (
                template(json!({"CertificateId": {"Ref": "AWS::IoT::Certificate::Country"}})),
                Some(Kind::JitpTemplate),
            ),
            (json!({"a": 1}), None),
        ] {
            assert_eq!(Kind::of(&document), kind, "{document}");
        }
    }
}
