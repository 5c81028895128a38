//! The policy that a trusted user's provisioning claim has without an attachment.

use super::{Document, MalformedPolicy};
use crate::arn::AccountScope;
use crate::names::TemplateName;

impl Document {
    /// What a trusted user's claim may do: connect under any client id, ask for a certificate,
    /// and register with its own template; nothing else.
    ///
    /// AWS does not document this policy (specification, section 17, item 12).
    ///
    /// # Errors
    /// None in practice: the text is of the grammar, and a template's name has no pattern.
    pub fn of_trusted_user(
        scope: &AccountScope,
        template: &TemplateName,
    ) -> Result<Self, MalformedPolicy> {
        let topics = [
            "$aws/certificates/create/*".to_owned(),
            "$aws/certificates/create-from-csr/*".to_owned(),
            format!("$aws/provisioning-templates/{template}/provision/*"),
        ];
        let arns = |kind: &str| topics.each_ref().map(|topic| scope.arn(kind, topic));
        let document = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "iot:Connect", "Resource": scope.arn("client", "*")},
                {
                    "Effect": "Allow",
                    "Action": ["iot:Publish", "iot:Receive"],
                    "Resource": arns("topic"),
                },
                {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": arns("topicfilter")},
            ],
        });
        Self::parse(&document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::names::{AccountId, PolicyName, Region};
    use crate::policy::{AttachedPolicy, Context, Request, decide};

    #[test]
    fn a_trusted_users_claim_may_provision_with_its_template_and_nothing_else() {
        let scope = AccountScope {
            region: Region::parse("eu-west-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let template = TemplateName::parse("Mine").unwrap();
        let policies = [AttachedPolicy {
            name: PolicyName::parse("TrustedUser").unwrap(),
            version: 1,
            document: Arc::new(Document::of_trusted_user(&scope, &template).unwrap()),
        }];
        let may = |action: &str, kind: &str, name: &str| {
            let resource = scope.arn(kind, name);
            let request = Request { action, resource: &resource };
            decide(&policies, &request, &Context::default()).is_allowed()
        };
        let ours = "$aws/provisioning-templates/Mine/provision/cbor";
        assert!(may("iot:Connect", "client", "any one"));
        for topic in
            ["$aws/certificates/create/json", "$aws/certificates/create-from-csr/cbor", ours]
        {
            assert!(may("iot:Publish", "topic", topic), "{topic}");
            assert!(may("iot:Subscribe", "topicfilter", &format!("{topic}/accepted")), "{topic}");
        }
        for topic in [
            "$aws/provisioning-templates/Mine2/provision/json",
            "$aws/provisioning-templates/Other/provision/json",
            "$aws/things/Mine/shadow/update",
            "fleet/x",
        ] {
            assert!(!may("iot:Publish", "topic", topic), "{topic}");
            assert!(!may("iot:Subscribe", "topicfilter", topic), "{topic}");
        }
        assert!(!may("iot:RetainPublish", "topic", ours));
    }
}
