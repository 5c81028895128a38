//! The managed policies of AWS that are offered: read-only, the same for every account. What they
//! grant is AWS's published list, as far as there are operations for it.

/// A managed policy of AWS.
#[derive(Debug, PartialEq, Eq)]
pub struct AwsPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path.
    pub path: &'static str,
    /// `ANPA…`
    pub id: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its document, JSON text.
    pub document: &'static str,
}

/// Every one of them, by name.
pub const AWS_POLICIES: &[AwsPolicy] = &[
    AwsPolicy {
        name: "AWSIoTConfigAccess",
        path: "/",
        id: "ANPAAWSIOTCONFIGACCESS",
        description: "Full access to the operations of the AWS IoT control plane.",
        document: include_str!("managed_policies/AWSIoTConfigAccess.json"),
    },
    AwsPolicy {
        name: "AWSIoTConfigReadOnlyAccess",
        path: "/",
        id: "ANPAAWSIOTCONFIGREADONLY",
        description: "Read-only access to the operations of the AWS IoT control plane.",
        document: include_str!("managed_policies/AWSIoTConfigReadOnlyAccess.json"),
    },
    AwsPolicy {
        name: "AWSIoTFullAccess",
        path: "/",
        id: "ANPAAWSIOTFULLACCESS",
        description: "Full access to AWS IoT, its control plane and its messages.",
        document: include_str!("managed_policies/AWSIoTFullAccess.json"),
    },
    AwsPolicy {
        name: "AWSIoTThingsRegistration",
        path: "/service-role/",
        id: "ANPAAWSIOTTHINGSREGISTRATION",
        description: "What AWS IoT needs to register things from provisioning templates.",
        document: include_str!("managed_policies/AWSIoTThingsRegistration.json"),
    },
    AwsPolicy {
        name: "AdministratorAccess",
        path: "/",
        id: "ANPAADMINISTRATORACCESS",
        description: "Every operation on every resource.",
        document: include_str!("managed_policies/AdministratorAccess.json"),
    },
    AwsPolicy {
        name: "ReadOnlyAccess",
        path: "/",
        id: "ANPAREADONLYACCESS",
        description: "Read-only access to every service that is offered.",
        document: include_str!("managed_policies/ReadOnlyAccess.json"),
    },
];

impl AwsPolicy {
    /// The policy of a name, exact in case.
    pub fn find(name: &str) -> Option<&'static Self> {
        AWS_POLICIES.iter().find(|policy| policy.name == name)
    }

    /// `arn:aws:iam::aws:policy/…`
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// The policy of an ARN.
    pub fn of_arn(arn: &str) -> Option<&'static Self> {
        AWS_POLICIES.iter().find(|policy| policy.arn() == arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Document;

    #[test]
    fn every_document_is_an_identity_policy() {
        for policy in AWS_POLICIES {
            assert!(Document::parse_identity(policy.document).is_ok(), "{}", policy.name);
            assert_eq!(AwsPolicy::of_arn(&policy.arn()), Some(policy));
        }
        assert_eq!(AwsPolicy::of_arn("arn:aws:iam::aws:policy/AWSIoTThingsRegistration"), None);
    }

    #[test]
    fn the_registration_policy_has_thirty_actions() {
        let policy = AwsPolicy::find("AWSIoTThingsRegistration").unwrap();
        assert_eq!(policy.document.matches("\"iot:").count(), 30);
    }
}
