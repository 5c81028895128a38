//! The ready file: the addresses of a running server, for scripts that started it.

use std::net::SocketAddr;
use std::path::PathBuf;

use fleetwright_host::{StartError, data_dir};

use crate::listening::DeviceAddresses;

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

    /// Writes the addresses: `mqtt` is the first of the gateway's, `mqttListeners` all of them; then
    /// those of HTTPS beside them, as far as there are any.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(
        &self,
        devices: &DeviceAddresses,
        api: SocketAddr,
    ) -> Result<(), StartError> {
        let Some(path) = &self.0 else { return Ok(()) };
        let texts = |all: &[SocketAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let DeviceAddresses { mqtt, https, credentials, jobs } = devices;
        let all = texts(mqtt);
        let mut ready = serde_json::json!({
            "mqtt": all.first(), "mqttListeners": all, "api": api.to_string()
        });
        for (name, found) in [("https", https), ("credentials", credentials), ("jobs", jobs)] {
            if let Some(members) = ready.as_object_mut().filter(|_| !found.is_empty()) {
                members.insert(name.to_owned(), texts(found).into());
            }
        }
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
