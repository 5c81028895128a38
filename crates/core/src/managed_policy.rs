//! The managed policies of AWS that guides of IoT and Lambda name: read-only, the same for every
//! account. What they grant is AWS's published list; of IoT's own, as far as there are operations
//! for it.

/// A managed policy of AWS.
#[derive(Debug, PartialEq, Eq)]
pub struct AwsPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its document, JSON text.
    pub document: &'static str,
}

/// A line: path, name, what it is for. The document is the file of that name.
macro_rules! aws_policies {
    ($($path:literal $name:literal $description:literal;)*) => {
        /// Every one of them, by name.
        pub const AWS_POLICIES: &[AwsPolicy] = &[$(AwsPolicy {
            name: $name,
            path: $path,
            description: $description,
            document: include_str!(concat!("managed_policies/", $name, ".json")),
        },)*];
    };
}

aws_policies! {
    "/" "AWSIoTConfigAccess" "Full access to the operations of the AWS IoT control plane.";
    "/" "AWSIoTConfigReadOnlyAccess" "Read-only access to the operations of the AWS IoT control plane.";
    "/" "AWSIoTDataAccess" "Messages and shadows of AWS IoT.";
    "/" "AWSIoTFullAccess" "Full access to AWS IoT, its control plane and its messages.";
    "/service-role/" "AWSIoTLogging" "What AWS IoT needs to write logs.";
    "/service-role/" "AWSIoTOTAUpdate" "What AWS IoT needs for jobs of signed firmware.";
    "/service-role/" "AWSIoTRuleActions" "What the actions of AWS IoT rules need.";
    "/service-role/" "AWSIoTThingsRegistration" "What AWS IoT needs to register things from provisioning templates.";
    "/service-role/" "AWSLambdaBasicExecutionRole" "What a function needs to write its log.";
    "/service-role/" "AWSLambdaDynamoDBExecutionRole" "What a function needs to read streams of DynamoDB and to write its log.";
    "/" "AWSLambdaExecute" "Objects of S3, and logs.";
    "/service-role/" "AWSLambdaKinesisExecutionRole" "What a function needs to read streams of Kinesis and to write its log.";
    "/service-role/" "AWSLambdaRole" "Invoking functions.";
    "/service-role/" "AWSLambdaSQSQueueExecutionRole" "What a function needs to take messages from queues and to write its log.";
    "/service-role/" "AWSLambdaVPCAccessExecutionRole" "What a function in a private network needs, and to write its log.";
    "/" "AWSLambda_FullAccess" "Full access to Lambda.";
    "/" "AWSLambda_ReadOnlyAccess" "Read-only access to Lambda.";
    "/" "AWSXRayDaemonWriteAccess" "Writing traces.";
    "/" "AdministratorAccess" "Every operation on every resource.";
    "/" "AmazonDynamoDBFullAccess" "Full access to DynamoDB.";
    "/" "AmazonDynamoDBReadOnlyAccess" "Read-only access to DynamoDB.";
    "/" "AmazonS3FullAccess" "Full access to S3.";
    "/" "AmazonS3ReadOnlyAccess" "Read-only access to S3.";
    "/" "AmazonSNSFullAccess" "Full access to SNS.";
    "/" "AmazonSQSFullAccess" "Full access to SQS.";
    "/" "AmazonSSMFullAccess" "Full access to Systems Manager.";
    "/" "AmazonSSMReadOnlyAccess" "Read-only access to Systems Manager.";
    "/" "CloudWatchLogsFullAccess" "Full access to logs.";
    "/" "IAMFullAccess" "Full access to users, roles and policies.";
    "/" "IAMReadOnlyAccess" "Read-only access to users, roles and policies.";
    "/" "PowerUserAccess" "Every operation but those on users, roles, policies and the account.";
    "/" "ReadOnlyAccess" "Read-only access to every service that is offered.";
    "/" "SecretsManagerReadWrite" "Full access to secrets.";
}

impl AwsPolicy {
    /// The policy of a name, exact in case.
    pub fn find(name: &str) -> Option<&'static Self> {
        AWS_POLICIES.iter().find(|policy| policy.name == name)
    }

    /// `ANPA…`
    pub fn id(&self) -> String {
        let letters = self.name.chars().filter(char::is_ascii_alphanumeric);
        letters.fold("ANPA".to_owned(), |id, letter| id + &letter.to_ascii_uppercase().to_string())
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
    fn they_stand_in_the_order_of_their_names() {
        assert!(AWS_POLICIES.is_sorted_by_key(|policy| policy.name));
    }

    #[test]
    fn the_registration_policy_has_thirty_actions() {
        let policy = AwsPolicy::find("AWSIoTThingsRegistration").unwrap();
        assert_eq!(policy.document.matches("\"iot:").count(), 30);
    }
}
