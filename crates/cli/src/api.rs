//! A client of the control plane, signed like any other.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;

/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for a function's answer. AWS: a function runs for 15 minutes at most.
const FUNCTION_PATIENCE: Duration = Duration::from_secs(16 * 60);

/// How a command reaches the control plane.
#[derive(Debug, clap::Args)]
pub(crate) struct Reach {
    /// Address of the control plane
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "FLEETWRIGHT_API")]
    api: String,
    /// Shared-credentials file with the access key; its first profile is used
    #[arg(
        long,
        value_name = "FILE",
        default_value = "./fleetwright-data/admin.credentials",
        env = "AWS_SHARED_CREDENTIALS_FILE"
    )]
    credentials: PathBuf,
    /// Region of the server
    #[arg(long, value_name = "NAME", default_value = "us-east-1", env = "AWS_REGION")]
    region: String,
}

impl Reach {
    /// The control plane.
    pub(crate) fn open(&self) -> Result<Api, ApiError> {
        let address = self.api.strip_prefix("http://").unwrap_or(&self.api);
        let address: SocketAddr = address.parse().map_err(|_| {
            ApiError(format!("'{address}' is not an address such as 127.0.0.1:8080"))
        })?;
        Api::open(address, &self.region, &self.credentials)
    }
}

/// Runs a command to its end; an error is told on standard error.
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
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Where the control plane is and how to sign for it.
pub(crate) struct Api {
    address: SocketAddr,
    region: String,
    credentials: Credentials,
}

/// A call failed; `Display` gives AWS's error name and message.
#[derive(Debug)]
pub(crate) struct ApiError(String);

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ApiError {}

impl Api {
    /// Signs with the first profile of a shared-credentials file.
    pub(crate) fn open(
        address: SocketAddr,
        region: &str,
        credentials: &Path,
    ) -> Result<Self, ApiError> {
        let text = std::fs::read_to_string(credentials)
            .map_err(|error| ApiError(format!("{}: {error}", credentials.display())))?;
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start().strip_prefix('=')?.trim().to_owned())
        };
        let (Some(id), Some(secret)) = (value("aws_access_key_id"), value("aws_secret_access_key"))
        else {
            return Err(ApiError(format!("{} holds no access key", credentials.display())));
        };
        let credentials = Credentials::new(id, secret, None, None, "admin.credentials");
        Ok(Self { address, region: region.to_owned(), credentials })
    }

    /// Calls one operation: method, path with its query, JSON body or `Null` for none.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, ApiError> {
        let exchange = self.exchange(method, path, body);
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(result) => result.map_err(|error| ApiError(format!("{method} {path}: {error}"))),
            Err(_) => Err(ApiError(format!("{method} {path}: no answer in time"))),
        }
    }

    /// Calls one operation of Lambda; gives the headers and the body of a good answer.
    ///
    /// A function may take its time, so the wait is its longest.
    pub(crate) async fn lambda(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: Vec<u8>,
    ) -> Result<http::Response<Bytes>, ApiError> {
        let fail = |what: &dyn fmt::Display| ApiError(format!("{method} {path}: {what}"));
        let exchange = self.send_with("lambda", method, path, "application/json", headers, body);
        let answer = match tokio::time::timeout(FUNCTION_PATIENCE, exchange).await {
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
        let answer = match tokio::time::timeout(PATIENCE, exchange).await {
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
        let host = self.address.to_string();
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &host)
            .header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Full::new(Bytes::from(body.clone())))?;
        self.sign(service, &mut request, &format!("http://{host}{path}"), &body)?;
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
        Ok(http::Response::from_parts(head, body))
    }

    fn sign(
        &self,
        service: &str,
        request: &mut http::Request<Full<Bytes>>,
        url: &str,
        body: &[u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
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
