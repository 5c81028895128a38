//! Services of AWS that are not here: a client that was pointed to this server for one of them gets
//! an error in the shape of that service, with the way out.

use axum::body::Body;
use axum::response::Response;
use ciborium::cbor;
use fleetwright_core::aws_service::{AwsProtocol, AwsService};
use fleetwright_core::error::ErrorCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::error::ApiError;
use crate::query::Element;
use crate::rest::{error_type, json_response};
use crate::service::{self, Service};

/// The error's name in services that answer JSON or CBOR.
const EXCEPTION: &str = "NotImplementedException";
/// The same in those that answer XML. AWS: S3, "List of error codes".
const CODE: &str = "NotImplemented";
/// Characters of an operation's name in the audit trail. (ours)
const OPERATION_CHARS: usize = 64;

/// A request for a service that is not here.
#[derive(Debug)]
pub(crate) struct AbsentService {
    service: &'static AwsService,
    shape: Shape,
    operation: String,
}

/// What an error looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Query,
    Ec2,
    RestXml,
    S3,
    RestJson,
    /// With the version that the client sent.
    Json10,
    Json11,
    Cbor,
}

impl AbsentService {
    /// The absent service that a request is signed for, before its signature is believed: there is
    /// nothing to be had. `None` for services that are here, and for names that no service has.
    pub(crate) fn meant(parts: &Parts) -> Option<Self> {
        let name = service::signing_name(parts)?;
        if Service::signed_as(&name).is_some() {
            return None;
        }
        let sent = Shape::sent(parts);
        // A request by method and path says nothing of its protocol; of services that share a
        // signing name it is for the one that has such paths and JSON.
        let protocol = sent.map_or(AwsProtocol::RestJson, Shape::protocol);
        let service = AwsService::signed_as(&name, Some(protocol), target(parts))?;
        let shape = match (service.protocol(), sent) {
            (Some(AwsProtocol::Ec2), _) => Shape::Ec2,
            (Some(AwsProtocol::RestXml), _) if name.starts_with("s3") => Shape::S3,
            (Some(AwsProtocol::RestXml), _) => Shape::RestXml,
            (_, Some(shape)) => shape,
            (Some(AwsProtocol::Query), None) => Shape::Query,
            _ => Shape::RestJson,
        };
        Some(Self { service, shape, operation: operation(parts) })
    }

    /// What was asked, for the audit trail.
    pub(crate) fn operation(&self) -> String {
        format!("{}:{}", self.service.signing_name(), self.operation)
    }

    /// That the service is not here, and the way out.
    pub(crate) fn error(&self) -> ApiError {
        ApiError::new(ErrorCode::NotImplemented, self.service.absence())
    }

    /// The error as clients of this service read it, with status 501.
    pub(crate) fn refuse(&self, request_id: &str) -> Response {
        let message = self.service.absence();
        match self.shape {
            Shape::RestJson => {
                error_type(json_response(STATUS, &json!({"message": message})), EXCEPTION)
            }
            Shape::Json10 => json("application/x-amz-json-1.0", &message),
            Shape::Json11 => json("application/x-amz-json-1.1", &message),
            Shape::Cbor => cbor(&message),
            Shape::Query | Shape::RestXml => {
                let error = Element::new().text("Type", "Receiver").text("Code", CODE);
                let content = Element::new()
                    .nested("Error", error.text("Message", &message))
                    .text("RequestId", request_id);
                content.into_document(STATUS, "ErrorResponse")
            }
            Shape::Ec2 => {
                let error = Element::new().text("Code", CODE).text("Message", &message);
                let content = Element::new()
                    .nested("Errors", Element::new().nested("Error", error))
                    .text("RequestID", request_id);
                content.into_document(STATUS, "Response")
            }
            Shape::S3 => {
                let content = Element::new().text("Code", CODE).text("Message", &message);
                content.text("RequestId", request_id).into_document(STATUS, "Error")
            }
        }
    }
}

const STATUS: StatusCode = StatusCode::NOT_IMPLEMENTED;

impl Shape {
    /// What a request says of itself; services have changed their protocol over the years.
    fn sent(parts: &Parts) -> Option<Self> {
        let header = |name: &HeaderName| parts.headers.get(name)?.to_str().ok();
        let kind = header(&CONTENT_TYPE).unwrap_or_default();
        let action = || parts.uri.query().is_some_and(|query| query.contains("Action="));
        if parts.headers.get("smithy-protocol").is_some_and(|value| value == "rpc-v2-cbor") {
            Some(Self::Cbor)
        } else if kind.starts_with("application/x-amz-json-1.0") {
            Some(Self::Json10)
        } else if kind.starts_with("application/x-amz-json-1.1") {
            Some(Self::Json11)
        } else if service::is_form(parts) || action() {
            Some(Self::Query)
        } else {
            None
        }
    }

    fn protocol(self) -> AwsProtocol {
        match self {
            Self::Query => AwsProtocol::Query,
            Self::Ec2 => AwsProtocol::Ec2,
            Self::RestXml | Self::S3 => AwsProtocol::RestXml,
            Self::RestJson => AwsProtocol::RestJson,
            Self::Json10 | Self::Json11 => AwsProtocol::Json,
            Self::Cbor => AwsProtocol::Cbor,
        }
    }
}

fn target(parts: &Parts) -> &str {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    target.unwrap_or_default()
}

/// `TARGET.OPERATION` of a JSON request, `…/operation/OPERATION` of one in CBOR.
fn operation(parts: &Parts) -> String {
    let named = match target(parts) {
        "" => parts.uri.path().rsplit_once("/operation/").map(|(_, name)| name),
        target => target.rsplit('.').next(),
    };
    let is_name = |name: &&str| {
        (1..=OPERATION_CHARS).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    named.filter(is_name).unwrap_or("unknown").to_owned()
}

fn json(kind: &'static str, message: &str) -> Response {
    let mut response = json_response(STATUS, &json!({"__type": EXCEPTION, "message": message}));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn cbor(message: &str) -> Response {
    let mut bytes = Vec::new();
    // Writing to memory does not fail, and the map is one.
    if let Ok(map) = cbor!({"__type" => EXCEPTION, "message" => message}) {
        let _ = ciborium::into_writer(&map, &mut bytes);
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = STATUS;
    let headers = response.headers_mut();
    headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    response
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::BodyExt;

    use super::*;

    fn signed_for(name: &str, headers: &[(&str, &str)]) -> Parts {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261127/eu-west-1/{name}/aws4_request, \
             SignedHeaders=host, Signature=00"
        );
        let request = Request::post("/").header("authorization", scope);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    async fn answered(name: &str, headers: &[(&str, &str)]) -> (String, String) {
        let absent = AbsentService::meant(&signed_for(name, headers)).unwrap();
        let response = absent.refuse("an-id");
        assert_eq!(response.status(), 501);
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (kind, String::from_utf8_lossy(&body).replace(&absent.service.absence(), "…"))
    }

    #[tokio::test]
    async fn each_protocol_has_its_shape() {
        let json = |kind: &'static str| [("content-type", kind), ("x-amz-target", "T.GetItem")];
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let query = "<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplemented</Code>\
                     <Message>…</Message></Error><RequestId>an-id</RequestId></ErrorResponse>";
        let ec2 = "<Response><Errors><Error><Code>NotImplemented</Code><Message>…</Message></Error>\
                   </Errors><RequestID>an-id</RequestID></Response>";
        let s3 = "<Error><Code>NotImplemented</Code><Message>…</Message><RequestId>an-id</RequestId>\
                  </Error>";
        let typed = r#"{"__type":"NotImplementedException","message":"…"}"#;
        let (json10, json11) =
            (json("application/x-amz-json-1.0"), json("application/x-amz-json-1.1"));
        for (name, headers, kind, body) in [
            ("dynamodb", json10.as_slice(), "application/x-amz-json-1.0", typed),
            ("ssm", &json11, "application/x-amz-json-1.1", typed),
            ("sns", &form, "text/xml", query),
            ("sqs", &form, "text/xml", query),
            ("sqs", &json10, "application/x-amz-json-1.0", typed),
            ("ec2", &form, "text/xml", ec2),
            ("s3", &[], "text/xml", s3),
            ("route53", &[], "text/xml", query),
            ("greengrass", &[], "application/json", r#"{"message":"…"}"#),
        ] {
            assert_eq!(answered(name, headers).await, (kind.into(), body.into()), "{name}");
        }
        let (kind, body) = answered("monitoring", &[("smithy-protocol", "rpc-v2-cbor")]).await;
        assert_eq!(kind, "application/cbor");
        assert!(body.contains("__type") && body.contains(EXCEPTION), "{body}");
    }

    #[test]
    fn what_is_here_or_no_service_of_aws_is_not_absent() {
        for name in ["iot", "execute-api", "iotdata", "iam", "sts", "lambda", "nothing", ""] {
            assert!(AbsentService::meant(&signed_for(name, &[])).is_none(), "{name}");
        }
    }

    #[test]
    fn the_operation_is_named_when_its_name_is_one() {
        let about = |target| {
            let parts = signed_for("dynamodb", &[("x-amz-target", target)]);
            AbsentService::meant(&parts).unwrap().operation()
        };
        assert_eq!(about("DynamoDB_20120810.GetItem"), "dynamodb:GetItem");
        for other in ["", "a.", "a.b c", "a.<x>"] {
            assert_eq!(about(other), "dynamodb:unknown", "{other}");
        }
    }
}
