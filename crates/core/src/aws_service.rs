//! AWS's services by name: what a request is signed for, and the variable that points an SDK
//! elsewhere.

use std::cmp::Reverse;
use std::sync::LazyLock;

/// `SIGNING-NAME PROTOCOLS ID`, a service a line. A signing name that several services share has its
/// best known one first. AWS: botocore's service models of 2022 and of 2026 (`signingName` or
/// `endpointPrefix`, `protocols`, `serviceId`), and signing names of S3's endpoint rules.
static SERVICES: LazyLock<Vec<AwsService>> = LazyLock::new(|| {
    include_str!("aws_service/services.txt").lines().filter_map(AwsService::read).collect()
});

/// A protocol of AWS's service models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsProtocol {
    /// A form with `Action`; XML.
    Query,
    /// The same, with errors of another shape.
    Ec2,
    /// Method and path; XML.
    RestXml,
    /// Method and path; JSON.
    RestJson,
    /// `X-Amz-Target`; JSON.
    Json,
    /// `/service/NAME/operation/NAME`; CBOR.
    Cbor,
}

/// A service of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsService {
    signing_name: &'static str,
    protocols: Vec<AwsProtocol>,
    id: &'static str,
}

impl AwsService {
    fn read(line: &'static str) -> Option<Self> {
        let (signing_name, rest) = line.split_once(' ')?;
        let (protocols, id) = rest.split_once(' ')?;
        let protocols = protocols.split(',').filter_map(AwsProtocol::read).collect();
        Some(Self { signing_name, protocols, id })
    }

    /// Every service.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SERVICES.iter()
    }

    /// The service that a request is signed for; of several with one signing name, that which its
    /// `X-Amz-Target` begins with, else the first that speaks its protocol.
    pub fn signed_as(
        signing_name: &str,
        protocol: Option<AwsProtocol>,
        target: &str,
    ) -> Option<&'static Self> {
        let target = target.to_ascii_lowercase();
        let fit = |service: &&Self| {
            let word = service.key().replace('_', "");
            let named = if target.starts_with(&word) { word.len() } else { 0 };
            Reverse((named, protocol.is_some_and(|one| service.protocols.contains(&one))))
        };
        Self::all().filter(|service| service.signing_name == signing_name).min_by_key(fit)
    }

    /// The service of a [`Self::key`], which may have hyphens for its underscores.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        let key = key.replace('-', "_");
        Self::all().find(|service| service.key() == key)
    }

    /// AWS's name of it: `DynamoDB`, `Secrets Manager`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What its requests are signed for.
    pub fn signing_name(&self) -> &'static str {
        self.signing_name
    }

    /// The first protocol of its model.
    pub fn protocol(&self) -> Option<AwsProtocol> {
        self.protocols.first().copied()
    }

    /// The id as configuration files of SDKs have it: `secrets_manager`. AWS: SDKs and Tools
    /// Reference Guide, "Service-specific endpoints".
    pub fn key(&self) -> String {
        self.id.to_ascii_lowercase().replace(' ', "_")
    }

    /// The environment variable that every SDK reads: `AWS_ENDPOINT_URL_SECRETS_MANAGER`. AWS: as
    /// [`Self::key`].
    pub fn endpoint_variable(&self) -> String {
        format!("AWS_ENDPOINT_URL_{}", self.key().to_ascii_uppercase())
    }

    /// What a client reads that asked this server for the service: that it is not here, and the way
    /// out.
    pub fn absence(&self) -> String {
        format!(
            "{} AWS_ENDPOINT_URL points to Fleetwright, which serves AWS IoT, Lambda, IAM and STS. \
             Set {} to a server that has it; for functions, '{}' under [functions.endpoints] of \
             Fleetwright's configuration.",
            self.not_here(),
            self.endpoint_variable(),
            self.key()
        )
    }

    fn not_here(&self) -> String {
        format!("There is no {} here:", self.id)
    }

    /// The services whose [`Self::absence`] a text shows, each once.
    pub fn absent_in(text: &str) -> Vec<&'static Self> {
        let mut found: Vec<&Self> = Vec::new();
        let shown = Self::all().filter(|service| text.contains(&service.not_here()));
        for service in shown {
            if !found.iter().any(|known| known.id == service.id) {
                found.push(service);
            }
        }
        found
    }
}

impl AwsProtocol {
    fn read(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "ec2" => Some(Self::Ec2),
            "rest-xml" => Some(Self::RestXml),
            "rest-json" => Some(Self::RestJson),
            "json" => Some(Self::Json),
            "cbor" => Some(Self::Cbor),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_service_and_every_id_a_variable() {
        let lines = include_str!("aws_service/services.txt").lines().count();
        assert_eq!(AwsService::all().count(), lines);
        for service in AwsService::all() {
            assert!(!service.protocols.is_empty(), "{service:?}");
            let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            assert!(service.key().bytes().all(word), "{service:?}");
            assert_eq!(AwsService::by_key(&service.key()).unwrap().id, service.id);
        }
    }

    #[test]
    fn services_are_found_by_what_their_requests_are_signed_for() {
        let json = Some(AwsProtocol::Json);
        for (signed, protocol, target, id, variable) in [
            ("dynamodb", json, "DynamoDB_20120810.GetItem", "DynamoDB", "DYNAMODB"),
            (
                "dynamodb",
                json,
                "DynamoDBStreams_20120810.X",
                "DynamoDB Streams",
                "DYNAMODB_STREAMS",
            ),
            ("secretsmanager", None, "", "Secrets Manager", "SECRETS_MANAGER"),
            ("s3", None, "", "S3", "S3"),
            ("monitoring", None, "", "CloudWatch", "CLOUDWATCH"),
            ("events", json, "AWSEvents.PutEvents", "EventBridge", "EVENTBRIDGE"),
            ("ses", Some(AwsProtocol::Query), "", "SES", "SES"),
            ("ses", Some(AwsProtocol::RestJson), "", "SESv2", "SESV2"),
            ("iot-jobs-data", None, "", "IoT Jobs Data Plane", "IOT_JOBS_DATA_PLANE"),
        ] {
            let service = AwsService::signed_as(signed, protocol, target).unwrap();
            let found = (service.id(), service.endpoint_variable());
            assert_eq!(found, (id, format!("AWS_ENDPOINT_URL_{variable}")));
        }
        for stranger in ["", "DynamoDB", "iot ", "nothing"] {
            assert_eq!(AwsService::signed_as(stranger, None, ""), None, "{stranger}");
            assert_eq!(AwsService::by_key(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn an_absence_is_found_again_in_what_a_function_printed() {
        let dynamodb = AwsService::by_key("dynamodb").unwrap();
        let text = format!("START\nAn error occurred: {0}\n{0}\n", dynamodb.absence());
        assert_eq!(AwsService::absent_in(&text), [dynamodb]);
        assert!(AwsService::absent_in("There is no DynamoDB table here").is_empty());
    }
}
