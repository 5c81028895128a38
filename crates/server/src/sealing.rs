//! Secrets at rest: AES-256-GCM under a key file of the data directory.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;

use crate::data_dir::{DATABASE, DataDir, DataDirError};

const FILE: &str = "sealing.key";
const KEY_LEN: usize = 32;

/// Seals and opens small secrets, such as secret access keys.
pub(crate) struct Sealing(LessSafeKey);

/// A secret cannot be sealed or opened: wrong key, or changed on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SealingError;

impl std::fmt::Display for SealingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "a sealed secret cannot be opened with {FILE}: the file was replaced, or the secret changed on disk"
        )
    }
}

impl std::error::Error for SealingError {}

impl Sealing {
    /// Reads the key file, making it on the first start (mode 0600). A directory that holds a
    /// database had a key: it is not made anew.
    pub(crate) fn open(dir: &DataDir) -> Result<Self, DataDirError> {
        let key = match dir.read(FILE)? {
            Some(key) => key,
            None if dir.join(DATABASE).exists() => return Err(lost(dir)),
            None => {
                let mut key = vec![0; KEY_LEN];
                rand::fill(&mut key).map_err(|_| no_randomness(dir))?;
                dir.write(FILE, 0o600, &key)?;
                key
            }
        };
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| DataDirError::Io {
            doing: "use",
            path: dir.join(FILE),
            error: std::io::Error::other(format!(
                "it must be {KEY_LEN} bytes; restore it from a backup"
            )),
        })?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a secret for a purpose: nonce, ciphertext, tag. It opens for the same purpose only.
    pub(crate) fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealingError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| SealingError)?;
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| SealingError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Sealing::seal`] made for the same purpose.
    pub(crate) fn open_sealed(
        &self,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealingError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(SealingError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealingError)?;
        let mut body = body.to_vec();
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| SealingError)?;
        Ok(opened.to_vec())
    }
}

fn lost(dir: &DataDir) -> DataDirError {
    DataDirError::Io {
        doing: "read",
        path: dir.join(FILE),
        error: std::io::Error::other(format!(
            "it is missing, and {DATABASE} holds secrets sealed with it; restore it from a backup"
        )),
    }
}

fn no_randomness(dir: &DataDir) -> DataDirError {
    DataDirError::Io {
        doing: "make",
        path: dir.join(FILE),
        error: std::io::Error::other("the system gives no random bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_purpose_only() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temporary.path()).unwrap();
        let sealing = Sealing::open(&dir).unwrap();
        let mut sealed = sealing.seal("access key A", b"secret").unwrap();
        let again = Sealing::open(&dir).unwrap();
        assert_eq!(again.open_sealed("access key A", &sealed).unwrap(), b"secret");
        assert_eq!(again.open_sealed("access key B", &sealed), Err(SealingError));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(again.open_sealed("access key A", &sealed), Err(SealingError));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn a_lost_key_is_not_made_anew() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temporary.path()).unwrap();
        dir.write(DATABASE, 0o600, b"").unwrap();
        let refused = Sealing::open(&dir).err().unwrap().to_string();
        assert!(refused.contains("sealing.key") && refused.contains("missing"), "{refused}");
        assert!(!dir.join(FILE).exists());
    }

    #[test]
    fn a_second_server_on_the_same_directory_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DataDir::open(temporary.path()).unwrap();
        let refused = DataDir::open(temporary.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        DataDir::open(temporary.path()).unwrap();
    }
}
