//! A client of the control plane, signed like any other.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use fleetwright_core::credentials_file;
use fleetwright_server::calling::{self, ClientConfig, Url};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::terminal::plain;

/// Bytes of a response that are read.
const RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// What does not stand for itself in a path or query. RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Longest wait for a response.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for a function's response. AWS: a function runs for 15 minutes at most.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(16 * 60);

/// Runs a command to its end; an error goes to standard error.
pub(crate) fn run(command: impl Future<Output = Result<ExitCode, Box<dyn Error>>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(command));
    done.unwrap_or_else(|error: Box<dyn Error>| {
        eprintln!("fleetwright: {error}");
        ExitCode::FAILURE
    })
}

/// A value as it stands in a path or query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An error with the operation that it is of, whose path is shown as it is meant.
fn named(method: &str, path: &str, what: &dyn fmt::Display) -> ApiError {
    let path = path.split('?').next().unwrap_or_default();
    ApiError(format!("{method} {}: {what}", percent_decode_str(path).decode_utf8_lossy()))
}

/// The parts of a control plane's URL. Requests are signed and hold no secret, so `http` is taken
/// for any host.
fn split(text: &str) -> Result<Url<'_>, ApiError> {
    let wrong = || {
        ApiError(format!(
            "'{text}' is not a URL such as http://127.0.0.1:8080 or https://HOST:PORT"
        ))
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let tls = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(wrong()),
    };
    let authority = rest.trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (authority, if tls { 443 } else { 80 }),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || host.contains('/') {
        return Err(wrong());
    }
    Ok(Url { tls, host, port, path: "/" })
}

/// Where the control plane is, and whose key signs for it.
pub(crate) struct Door {
    /// `http://HOST:PORT` or `https://…`.
    pub(crate) url: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// PEM file of the roots to trust beside the system's.
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// A control plane that can be called.
pub(crate) struct Api {
    door: Door,
    tls: Arc<ClientConfig>,
}

/// A call failed; `Display` gives AWS's error name and message, as one line.
#[derive(Debug)]
pub(crate) struct ApiError(String);

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.0))
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl Api {
    /// Nothing is connected yet.
    pub(crate) fn open(door: Door) -> Result<Self, ApiError> {
        split(&door.url)?;
        let tls = calling::tls(door.ca_bundle.as_deref()).map_err(ApiError::new)?;
        Ok(Self { door, tls })
    }

    /// With the key of a file as the server writes it.
    pub(crate) fn of_file(url: &str, region: &str, file: &Path) -> Result<Self, ApiError> {
        let wrong = |what: &dyn fmt::Display| ApiError(format!("{}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
        let key = credentials_file::read(&text).ok_or_else(|| wrong(&"it holds no access key"))?;
        let credentials = Credentials::new(key.id, key.secret, None, None, "admin.credentials");
        let (url, region) = (url.to_owned(), region.to_owned());
        Self::open(Door { url, region, credentials, ca_bundle: None })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.door.url
    }

    /// Calls one operation: method, path with its query, JSON body or `Null` for none.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let exchange = self.exchange(method, path, body);
        match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(result) => result.map_err(|error| named(method, path, &error)),
            Err(_) => Err(named(method, path, &"no answer in time")),
        }
    }

    /// Calls one operation of the data plane, without a body.
    pub(crate) async fn data(&self, method: &str, path: &str) -> Result<(), ApiError> {
        let exchange = self.send("iotdata", method, path, "application/json", Vec::new());
        let answer = match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(answer) => answer.map_err(|error| named(method, path, &error))?,
            Err(_) => return Err(named(method, path, &"no answer in time")),
        };
        if answer.status().is_success() {
            return Ok(());
        }
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        Err(named(method, path, &refused(&answer, &value)))
    }

    /// Calls one operation of Lambda; gives the headers and the body of a successful response.
    ///
    /// A function may take its time, so the wait is its longest.
    pub(crate) async fn lambda(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: Vec<u8>,
    ) -> Result<http::Response<Bytes>, ApiError> {
        let fail = |what: &dyn fmt::Display| named(method, path, what);
        let exchange = self.send_with("lambda", method, path, "application/json", headers, body);
        let answer = match tokio::time::timeout(FUNCTION_TIMEOUT, exchange).await {
            Ok(answer) => answer.map_err(|error| fail(&error))?,
            Err(_) => return Err(fail(&"no answer in time")),
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        Err(fail(&refused(&answer, &value)))
    }

    /// Calls one operation of IAM: its name and parameters, as a form.
    pub(crate) async fn iam(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(), ApiError> {
        let fields = [("Action", action), ("Version", "2010-05-08")];
        let encoded: Vec<String> = fields
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        let body = encoded.join("&").into_bytes();
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let exchange = self.send("iam", "POST", "/", form, body);
        let answer = match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(answer) => answer.map_err(|error| ApiError(format!("iam {action}: {error}")))?,
            Err(_) => return Err(ApiError(format!("iam {action}: no answer in time"))),
        };
        if answer.status().is_success() {
            return Ok(());
        }
        // XML, short enough to be shown as it is.
        let text = String::from_utf8_lossy(answer.body());
        Err(ApiError(format!("iam {action}: {}: {text}", answer.status())))
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let answer = self.send("iot", method, path, "application/json", body).await?;
        let body = answer.body();
        let value: Value =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(body)? };
        if answer.status().is_success() {
            return Ok(value);
        }
        Err(refused(&answer, &value).into())
    }

    async fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<http::Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        self.send_with(service, method, path, content_type, &[], body).await
    }

    async fn send_with(
        &self,
        service: &str,
        method: &str,
        path: &str,
        content_type: &str,
        headers: &[(&'static str, &'static str)],
        body: Vec<u8>,
    ) -> Result<http::Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        let url = split(&self.door.url)?;
        let host = match url.host.contains(':') {
            true => format!("[{}]:{}", url.host, url.port),
            false => format!("{}:{}", url.host, url.port),
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &host)
            .header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Full::new(Bytes::from(body.clone())))?;
        let scheme = if url.tls { "https" } else { "http" };
        self.sign(service, &mut request, &format!("{scheme}://{host}{path}"), &body)?;
        let unreachable = |error: std::io::Error| {
            format!(
                "cannot connect to {host}: {error}. Is the server running, and is that its address? \
                 --endpoint-url, AWS_ENDPOINT_URL or endpoint_url of the profile names another"
            )
        };
        let stream = TcpStream::connect((url.host, url.port)).await.map_err(unreachable)?;
        let answer = calling::send_over(stream, &url, &self.tls, request).await;
        let answer = answer.map_err(|error| format!("{scheme}://{host}: {error}"))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, RESPONSE_BYTES).collect().await?.to_bytes();
        Ok(http::Response::from_parts(head, body))
    }

    fn sign(
        &self,
        service: &str,
        request: &mut http::Request<Full<Bytes>>,
        url: &str,
        body: &[u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let identity = self.door.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.door.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            url,
            headers,
            SignableBody::Bytes(body),
        )?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// AWS's error name and message.
fn refused(answer: &http::Response<Bytes>, body: &Value) -> String {
    let name = answer.headers().get("x-amzn-errortype").and_then(|name| name.to_str().ok());
    let message = ["message", "Message"].iter().find_map(|name| body.get(name)?.as_str());
    let status = answer.status();
    format!("{}: {}", name.unwrap_or(status.as_str()), message.unwrap_or_default())
}
