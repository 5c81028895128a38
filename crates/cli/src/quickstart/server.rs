//! A server of our own: this very program, in a temporary directory, on free ports.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fleetwright_device::Endpoint;
use serde::Deserialize;
use tokio::process::{Child, Command};

use super::steps::{QuickstartError, Steps};
use crate::api::Api;

/// Longest wait for the server to listen, or to stop.
const TIMEOUT: Duration = Duration::from_secs(30);
const SERIALS: &str = include_str!("../../../../docs/examples/known-serials.txt");

/// A running server.
pub(super) struct Server {
    process: Child,
    directory: Directory,
    ready: Ready,
}

#[derive(Deserialize)]
struct Ready {
    mqtt: SocketAddr,
    api: SocketAddr,
}

/// A temporary directory, removed when dropped unless it is kept.
struct Directory {
    path: PathBuf,
    keep: bool,
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Server {
    pub(super) async fn start(steps: &Steps) -> Result<Self, QuickstartError> {
        steps.heading("A server");
        let step = steps.begin("starting a server on free ports");
        let fail =
            |error: &dyn std::fmt::Display| QuickstartError::new("cannot start a server", error);
        let program = std::env::current_exe().map_err(|error| fail(&error))?;
        let path =
            std::env::temp_dir().join(format!("fleetwright-quickstart-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| fail(&error))?;
        let directory = Directory { path, keep: false };
        let dir = &directory.path;
        let write = |name: &str, text: &str| {
            std::fs::write(dir.join(name), text).map_err(|error| fail(&error))
        };
        write("known-serials.txt", SERIALS)?;
        write("fleetwright.toml", &config(&program, dir))?;
        let log = std::fs::File::create(dir.join("server.log")).map_err(|error| fail(&error))?;
        let process = Command::new(&program)
            .args(["serve", "--mqtt-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"])
            .args(["--hostname", "localhost,127.0.0.1", "--log-format", "json"])
            .arg("--data-dir")
            .arg(dir.join("data"))
            .arg("--config")
            .arg(dir.join("fleetwright.toml"))
            .arg("--ready-file")
            .arg(dir.join("ready.json"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| fail(&error))?;
        let mut server = Self {
            process,
            ready: Ready { mqtt: ([127, 0, 0, 1], 0).into(), api: ([127, 0, 0, 1], 0).into() },
            directory,
        };
        server.ready = server.wait_until_ready().await?;
        step.done(&format!(
            "server: devices at {}, control plane at http://{}",
            server.ready.mqtt, server.ready.api
        ));
        Ok(server)
    }

    async fn wait_until_ready(&mut self) -> Result<Ready, QuickstartError> {
        let file = self.directory.path.join("ready.json");
        let waiting = async {
            loop {
                if let Some(ready) =
                    std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok())
                {
                    return Ok(ready);
                }
                if let Ok(Some(status)) = self.process.try_wait() {
                    return Err(format!("it ended with {status}: {}", self.log_tail()));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        match tokio::time::timeout(TIMEOUT, waiting).await {
            Ok(result) => {
                result.map_err(|why| QuickstartError::new("the server did not start", why))
            }
            Err(_) => {
                Err(QuickstartError::new("the server did not start", "it did not listen in time"))
            }
        }
    }

    /// The control plane, signed in as the administrator.
    pub(super) fn api(&self) -> Result<Api, QuickstartError> {
        let credentials = self.path("data/admin.credentials");
        Api::of_file(&format!("http://{}", self.ready.api), "us-east-1", &credentials)
            .map_err(|error| QuickstartError::new("cannot sign in", error))
    }

    /// Where devices connect.
    pub(super) fn endpoint(&self) -> Result<Endpoint, QuickstartError> {
        format!("localhost:{}", self.ready.mqtt.port())
            .parse()
            .map_err(|error| QuickstartError::new("the endpoint is not usable", error))
    }

    /// The root certificate that devices trust.
    pub(super) fn root_ca(&self) -> Result<String, QuickstartError> {
        std::fs::read_to_string(self.path("data/root-ca.pem"))
            .map_err(|error| QuickstartError::new("cannot read root-ca.pem", error))
    }

    /// A path in the temporary directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path.join(name)
    }

    /// The reason of the last log line of an event, as the server wrote it.
    pub(super) fn logged(&self, event: &str, field: &str) -> Option<String> {
        let log = std::fs::read_to_string(self.path("server.log")).ok()?;
        log.lines().rev().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            (line.get("event")? == event).then(|| line.get(field)?.as_str().map(str::to_owned))?
        })
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.path("server.log")).unwrap_or_default();
        log.lines().last().unwrap_or_default().to_owned()
    }

    /// Stops the server as an operator would: SIGTERM, and it drains.
    pub(super) async fn stop(&mut self, steps: &Steps) -> Result<(), QuickstartError> {
        let step = steps.begin("stopping the server");
        let fail =
            |error: &dyn std::fmt::Display| QuickstartError::new("the server did not stop", error);
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(rustix::process::Pid::from_raw).ok_or_else(|| fail(&"it is gone"))?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)
            .map_err(|error| fail(&error))?;
        let status = tokio::time::timeout(TIMEOUT, self.process.wait())
            .await
            .map_err(|_| fail(&"it did not end in time"))?
            .map_err(|error| fail(&error))?;
        if !status.success() {
            return Err(fail(&status));
        }
        step.done("server stopped, exit code 0");
        Ok(())
    }

    /// Keeps the temporary directory; gives its path.
    pub(super) fn keep(&mut self) -> &Path {
        self.directory.keep = true;
        &self.directory.path
    }
}

/// The hook is this program too; its list is a file beside the configuration.
fn config(program: &Path, dir: &Path) -> String {
    let words = [
        program.to_string_lossy().into_owned(),
        "hook".into(),
        "allow-list".into(),
        dir.join("known-serials.txt").to_string_lossy().into_owned(),
    ];
    let words = words.map(|word| serde_json::Value::String(word).to_string());
    format!("[hooks.commands]\nknown-serials = [{}]\n", words.join(", "))
}
