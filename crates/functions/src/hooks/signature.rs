//! The signature of requests to URLs: HMAC-SHA256 over time and body, so that a hook can
//! authenticate the request and its time.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_lc_rs::hmac;
use fleetwright_core::time::Timestamp;

/// Name of the header: `t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 of `SECONDS.BODY`.
pub(super) const HEADER: &str = "x-fleetwright-signature";
/// Bytes that a secret has at least. (ours)
const SECRET_BYTES: usize = 32;

/// The key.
pub(super) struct Secret(hmac::Key);

impl Secret {
    /// Reads a secret from a file, whose last line break does not count.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        read(path).map_err(|what| format!("[hooks] hmac-secret-file {}: {what}", path.display()))
    }
}

/// Whether a file holds a secret that can be used.
///
/// # Errors
/// What is wrong with it.
pub(super) fn look(path: &Path) -> Result<(), String> {
    read(path).map(|_| ())
}
fn read(path: &Path) -> Result<Secret, String> {
    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if mode.permissions().mode() & 0o007 != 0 {
        return Err("everybody on this machine may use it; chmod o= it".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let secret = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if secret.len() < SECRET_BYTES {
        return Err(format!(
            "{} bytes are too few: use {SECRET_BYTES} or more, such as of \
                 `openssl rand -hex 32`",
            secret.len()
        ));
    }
    Ok(Secret(hmac::Key::new(hmac::HMAC_SHA256, secret)))
}

impl Secret {
    /// The header's value for a body that is sent now.
    pub(super) fn sign(&self, now: Timestamp, body: &[u8]) -> String {
        let seconds = now.0.div_euclid(1000);
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{seconds}.").as_bytes());
        context.update(body);
        let mut value = format!("t={seconds},v1=");
        for byte in context.sign().as_ref() {
            // Writing to a text does not fail.
            let _ = write!(value, "{byte:02x}");
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(secret: &str, mode: u32) -> Result<Secret, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, secret).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Secret::read(&path)
    }

    #[test]
    fn the_signature_is_the_hmac_of_time_and_body() {
        let secret = read("0123456789abcdef0123456789abcdef\n", 0o600).unwrap();
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        assert_eq!(
            secret.sign(Timestamp(1_700_000_000_999), br#"{"a":1}"#),
            "t=1700000000,v1=f05f2539e3ae1c49aec5f8cfdad75ef6b06480b133973ffbb7ec9e18827af177"
        );
    }

    #[test]
    fn a_secret_that_is_short_or_everybodys_is_refused() {
        let long = "0123456789abcdef0123456789abcdef";
        assert!(read("short", 0o600).err().unwrap().contains("too few"));
        assert!(read(long, 0o644).err().unwrap().contains("everybody"));
        assert!(read(long, 0o640).is_ok());
    }
}
