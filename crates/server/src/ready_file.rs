//! The ready file: the addresses of a running server, for scripts that started it.

use std::net::SocketAddr;
use std::path::PathBuf;

use fleetwright_host::{StartError, data_dir};

/// The ready file of this server: gone before it is ready and once it has ended, however it ends.
pub(crate) struct ReadyFile(Option<PathBuf>);

impl ReadyFile {
    /// Removes that of an earlier server.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn none_yet(path: Option<PathBuf>) -> Result<Self, StartError> {
        let Some(path) = path else { return Ok(Self(None)) };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StartError::new(format_args!(
                    "cannot remove the ready file of an earlier server, {}: {error}",
                    path.display()
                )))
            }
            _ => Ok(Self(Some(path))),
        }
    }

    /// None is written: another server has the data directory, and its ready file stays.
    pub(crate) fn of_another_server() -> Self {
        Self(None)
    }

    /// Writes the addresses: `mqtt` is the first of the gateway's, `mqttListeners` all of them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, mqtt: &[SocketAddr], api: SocketAddr) -> Result<(), StartError> {
        let Some(path) = &self.0 else { return Ok(()) };
        let all: Vec<String> = mqtt.iter().map(ToString::to_string).collect();
        let ready = serde_json::json!({
            "mqtt": all.first(), "mqttListeners": all, "api": api.to_string()
        });
        data_dir::write_whole(path, 0o644, format!("{ready}\n").as_bytes()).map_err(|error| {
            StartError::new(format_args!("cannot write the ready file {}: {error}", path.display()))
        })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}
