//! A hook as a Lambda function elsewhere: AWS's, or that of another server, by `Invoke`.

use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fleetwright_core::text;
use fleetwright_core::url::Url;
use fleetwright_host::outgoing::{self, host};
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::function::failed;
use super::http::{Request, exchange};
use super::{HookCall, HookError};
use crate::hooks::settings::LambdaEndpoint;

/// A function elsewhere.
pub(super) struct Endpoint {
    pub(super) url: String,
    /// Path and query of its invocations.
    path: String,
    region: String,
    credentials: Credentials,
}

impl Endpoint {
    /// The function of an ARN at an endpoint of the configuration.
    pub(super) fn open(arn: &str, settings: &LambdaEndpoint) -> Result<Self, String> {
        let wrong = |what: String| format!("[hooks.lambda-endpoints.\"{arn}\"] {what}");
        let parts: Vec<&str> = arn.split(':').collect();
        let invocations = |name: &str| {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            format!("/2015-03-31/functions/{name}/invocations")
        };
        let path = match parts.as_slice() {
            [.., "function", name] => invocations(name),
            [.., "function", name, qualifier] => {
                let qualifier = utf8_percent_encode(qualifier, NON_ALPHANUMERIC);
                format!("{}?Qualifier={qualifier}", invocations(name))
            }
            _ => return Err(wrong("is no ARN of a function".into())),
        };
        let file = &settings.access_key_file;
        let credentials = outgoing::access_key(file)
            .map_err(|what| wrong(format!("access-key-file {}: {what}", file.display())))?;
        let url = settings.url.trim_end_matches('/').to_owned();
        Ok(Self { url, path, region: settings.region.clone(), credentials })
    }
}

/// Invokes it and gives its answer.
pub(super) async fn invoke(
    endpoint: &Endpoint,
    body: Vec<u8>,
    tls: &Arc<rustls::ClientConfig>,
    call: &mut HookCall,
) -> Result<Vec<u8>, HookError> {
    let Ok(url) = Url::parse(&endpoint.url) else {
        return Err(HookError::new("the endpoint's url is no https:// URL"));
    };
    let request = signed(endpoint, &url, body)
        .map_err(|error| HookError::new(format_args!("cannot sign the invocation: {error}")))?;
    let answer = exchange(&url, request, tls).await?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    call.request_id = header("x-amzn-requestid").map(|id| text::shown(id).to_owned());
    if let Some(Ok(log)) = header("x-amz-log-result").map(|log| STANDARD.decode(log)) {
        call.keep_end(&log);
    }
    if answer.status() != http::StatusCode::OK {
        let name = header("x-amzn-errortype").unwrap_or_default();
        let text = String::from_utf8_lossy(answer.body());
        return Err(HookError::new(format_args!(
            "{} answered {} {name}: {text}",
            url.host,
            answer.status()
        )));
    }
    if answer.headers().contains_key("x-amz-function-error") {
        return Err(failed(answer.body()));
    }
    Ok(answer.into_body().to_vec())
}

fn signed(
    endpoint: &Endpoint,
    url: &Url<'_>,
    body: Vec<u8>,
) -> Result<Request, Box<dyn std::error::Error + Send + Sync>> {
    const TAIL: (&str, &str) = ("x-amz-log-type", "Tail");
    let (host, scheme) = (host(url), if url.tls { "https" } else { "http" });
    let path = format!("{}{}", url.path.trim_end_matches('/'), endpoint.path);
    let mut request = http::Request::post(&path)
        .header(HOST, &host)
        .header(CONTENT_TYPE, "application/json")
        .header(TAIL.0, TAIL.1)
        .body(Full::new(Bytes::from(body.clone())))?;
    let identity = endpoint.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name("lambda")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let whole = format!("{scheme}://{host}{path}");
    let headers = [("host", host.as_str()), ("content-type", "application/json"), TAIL];
    let signable =
        SignableRequest::new("POST", &whole, headers.into_iter(), SignableBody::Bytes(&body))?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}
