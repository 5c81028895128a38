//! `[functions.endpoints]`: where functions find the AWS services that are not here.

use std::collections::BTreeMap;

use fleetwright_core::aws_service::AwsService;
use fleetwright_core::configuration::Takes;
use http::Uri;
use serde::{Deserialize, Serialize};

/// URLs by AWS's ids of services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Endpoints(BTreeMap<String, String>);

impl Endpoints {
    /// What its section takes.
    pub(crate) const TAKES: Takes = Takes::Each(service, &Takes::Text(url));

    /// The variables that SDKs read, with their values.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|(key, url)| {
            Some((AwsService::by_key(key)?.endpoint_variable(), url.clone()))
        })
    }
}

fn service(key: &str) -> Result<(), String> {
    if AwsService::by_key(key).is_some() {
        return Ok(());
    }
    Err(format!(
        "the id of an AWS service in lower case with '_' for spaces, as in AWS_ENDPOINT_URL_…; did \
         you mean '{}'?",
        nearest(key)
    ))
}

fn url(text: &str) -> Result<(), String> {
    let uri: Option<Uri> = text.parse().ok();
    let fits = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    if fits { Ok(()) } else { Err("a URL such as http://127.0.0.1:8000".to_owned()) }
}

/// The key that was meant: that of a signing name, or the most similar.
fn nearest(key: &str) -> String {
    let word = key.to_ascii_lowercase();
    if let Some(service) = AwsService::signed_as(&word, None, "") {
        return service.key();
    }
    let similar = |service: &&AwsService| {
        let squashed = service.key().replace('_', "");
        strsim::jaro_winkler(&word.replace(['_', '-', ' '], ""), &squashed)
    };
    let best = AwsService::all().max_by(|a, b| similar(a).total_cmp(&similar(b)));
    best.map(AwsService::key).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_by_their_ids_become_the_variables_of_sdks() {
        for (key, variable) in [
            ("dynamodb", "AWS_ENDPOINT_URL_DYNAMODB"),
            ("secrets_manager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            ("secrets-manager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            ("cloudwatch_logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
            ("s3", "AWS_ENDPOINT_URL_S3"),
        ] {
            service(key).unwrap();
            let at = "http://10.0.0.7:4566/x".to_owned();
            url(&at).unwrap();
            let endpoints = Endpoints(BTreeMap::from([(key.to_owned(), at.clone())]));
            assert_eq!(endpoints.variables().collect::<Vec<_>>(), [(variable.to_owned(), at)]);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_one_that_was_meant() {
        for (key, meant) in [
            ("secretsmanager", "secrets_manager"),
            ("logs", "cloudwatch_logs"),
            ("events", "eventbridge"),
            ("dynamo", "dynamodb"),
            ("DynamoDB", "dynamodb"),
            ("kmss", "kms"),
        ] {
            let error = service(key).unwrap_err();
            assert!(error.contains(&format!("did you mean '{meant}'?")), "{error}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in
            ["", "127.0.0.1:8000", "ftp://x", "http://", "https:///x", "http://x/?a=1", "a b"]
        {
            assert!(url(text).is_err(), "{text}");
        }
    }
}
