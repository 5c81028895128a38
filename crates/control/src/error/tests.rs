use fleetwright_core::error::ErrorCode;
use http_body_util::BodyExt;

use super::*;
use crate::refusal::refuse;

const SERVICES: [Service; 5] =
    [Service::Iot, Service::IotData, Service::Lambda, Service::Iam, Service::Sts];

/// The kinds beside those of AWS IoT's service model.
const OTHERS: &[ErrorKind] = &[
    ErrorKind::AccessDenied,
    ErrorKind::CodeStorageExceeded,
    ErrorKind::ExpiredIdentityToken,
    ErrorKind::ExpiredToken,
    ErrorKind::IdpCommunicationError,
    ErrorKind::IdpRejectedClaim,
    ErrorKind::IncompleteSignature,
    ErrorKind::InvalidAction,
    ErrorKind::InvalidIdentityToken,
    ErrorKind::InvalidInput,
    ErrorKind::InvalidRequestContent,
    ErrorKind::InvalidRuntime,
    ErrorKind::InvalidSignature,
    ErrorKind::MethodNotAllowed,
    ErrorKind::MissingAction,
    ErrorKind::MissingAuthenticationToken,
    ErrorKind::PackedPolicyTooLarge,
    ErrorKind::PolicyLengthExceeded,
    ErrorKind::NotConfigured,
    ErrorKind::ProvisionedConcurrencyConfigNotFound,
    ErrorKind::RequestEntityTooLarge,
    ErrorKind::RequestTimeout,
    ErrorKind::UnknownOperation,
    ErrorKind::UnsupportedDocumentEncoding,
    ErrorKind::UnrecognizedClient,
];

/// What a service answers: status, name in the header, type, body; the namespace of XML is left out.
async fn told(error: ApiError, service: Service) -> String {
    let response = refuse(&error, service, "an-id");
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or("-", |value| value.to_str().unwrap()).to_owned()
    };
    let (name, content_type) = (header("x-amzn-errortype"), header("content-type"));
    assert_eq!(response.headers().len(), if name == "-" { 1 } else { 2 });
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let namespace = service.namespace().map(|uri| format!(" xmlns=\"{uri}\""));
    let body = namespace.map_or(body.clone(), |namespace| body.replace(&namespace, ""));
    format!("{status} {name} {content_type} {body}")
}

#[tokio::test]
async fn every_kind_has_its_name_status_and_body_in_every_service() {
    let codes = ErrorCode::ALL.iter().map(|code| (format!("{code:?}"), ErrorKind::Code(*code)));
    let others = OTHERS.iter().map(|kind| (format!("-{kind:?}"), *kind));
    let mut lines = Vec::new();
    for (label, kind) in codes.chain(others) {
        let mut error = ApiError::new(kind, "a <message>.");
        if kind == ErrorKind::Code(ErrorCode::ResourceAlreadyExists) {
            error.resource = Some(Box::new(("an-id".into(), "an:arn".into())));
        }
        let mut answers: Vec<(String, String)> = Vec::new();
        for service in SERVICES {
            let answer = told(error.clone(), service).await;
            match answers.iter_mut().find(|(_, known)| *known == answer) {
                Some((services, _)) => services.push_str(&format!(",{service:?}")),
                None => answers.push((format!("{service:?}"), answer)),
            }
        }
        lines.extend(
            answers.iter().map(|(services, answer)| format!("{label} {services} {answer}")),
        );
    }
    let expected = include_str!("../../cases/errors.txt");
    for (found, expected) in lines.iter().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(lines.len(), expected.lines().count());
}
