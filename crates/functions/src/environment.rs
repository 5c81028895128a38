//! The variables that a function sees: Lambda's, and its owner's.
//! AWS: "Defined runtime environment variables".

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use fleetwright_access::session_token::TemporaryCredentials;
use fleetwright_core::arn::AccountScope;

use super::endpoints::Endpoints;
use super::revision::Revision;

/// Where this server's own control plane is.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `http://…` or `https://…`
    pub url: String,
    /// Whether it is served over TLS, with this installation's root.
    pub tls: bool,
}

/// Where the certificate of this installation's root is for a function.
pub(super) const ROOT_CA: &str = "/etc/fleetwright/root-ca.pem";

/// What the variables are made of.
pub(super) struct WorkerContext<'a> {
    pub(super) scope: &'a AccountScope,
    pub(super) api: SocketAddr,
    pub(super) endpoint: Option<&'a Endpoint>,
    /// Those of other services.
    pub(super) endpoints: &'a Endpoints,
    pub(super) credentials: &'a TemporaryCredentials,
    pub(super) task: &'a Path,
    pub(super) runtime: &'a Path,
    pub(super) root_ca: &'a Path,
    /// Names the worker in its function's log.
    pub(super) worker: &'a str,
}

/// The whole environment. Lambda's names are reserved: its owner cannot set them.
pub(super) fn variables(
    revision: &Revision,
    around: &WorkerContext<'_>,
) -> BTreeMap<String, String> {
    let mut all = revision.environment.clone();
    let (task, runtime) = (around.task.to_string_lossy(), around.runtime.to_string_lossy());
    let region = around.scope.region.to_string();
    let memory = revision.memory_mib.to_string();
    let (kind, api) = (format!("AWS_Lambda_{}", revision.runtime.as_str()), around.api.to_string());
    let group = format!("/aws/lambda/{}", revision.name);
    let stream = format!("[{}]{}", revision.version, around.worker);
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    for (name, value) in [
        ("_HANDLER", revision.handler.as_str()),
        ("AWS_ACCESS_KEY_ID", &around.credentials.access_key_id),
        ("AWS_DEFAULT_REGION", &region),
        ("AWS_EXECUTION_ENV", &kind),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_FUNCTION_NAME", revision.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", &revision.version),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &stream),
        ("AWS_LAMBDA_RUNTIME_API", &api),
        ("AWS_REGION", &region),
        ("AWS_SECRET_ACCESS_KEY", &around.credentials.secret),
        ("AWS_SESSION_TOKEN", &around.credentials.token),
        ("LAMBDA_RUNTIME_DIR", &runtime),
        ("LAMBDA_TASK_ROOT", &task),
        ("PYTHONUNBUFFERED", "1"),
    ] {
        set(name, value);
    }
    if let Some(endpoint) = around.endpoint {
        set("AWS_ENDPOINT_URL", &endpoint.url);
        if endpoint.tls {
            let root = around.root_ca.to_string_lossy();
            set("AWS_CA_BUNDLE", &root);
            set("NODE_EXTRA_CA_CERTS", &root);
        }
    }
    // What an owner may set otherwise.
    for (name, value) in [
        ("HOME", "/tmp".into()),
        ("LANG", "en_US.UTF-8".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("LD_LIBRARY_PATH", format!("{task}:{task}/lib")),
        ("NODE_PATH", format!("{runtime}/node_modules:{task}")),
        ("PYTHONPATH", runtime.into_owned()),
        ("TZ", ":UTC".into()),
    ] {
        all.entry(name.to_owned()).or_insert(value);
    }
    for (name, url) in around.endpoints.variables() {
        all.entry(name).or_insert(url);
    }
    all
}
