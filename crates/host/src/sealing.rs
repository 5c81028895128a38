//! Secrets at rest: AES-256-GCM under a key file of the data directory.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, DataDirError};

/// The key file in the data directory: 32 bytes, mode 0600.
pub const FILE: &str = "sealing.key";
const KEY_LEN: usize = 32;

/// Seals and opens small secrets, such as secret access keys.
pub struct Sealing(LessSafeKey);

/// A secret cannot be sealed or opened: wrong key, or changed on disk.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sealed secret cannot be opened with {FILE}: the file was replaced, or the secret changed on disk"
)]
pub struct SealingError;

impl Sealing {
    /// Reads the key file, or makes it (mode 0600). Whether it may be missing is for
    /// `parts` of the installation to say.
    pub fn open_or_make(dir: &DataDir) -> Result<Self, DataDirError> {
        if let Some(found) = Self::read(dir)? {
            return Ok(found);
        }
        let mut key = Zeroizing::new([0; KEY_LEN]);
        rand::fill(key.as_mut_slice()).map_err(|_| no_randomness(dir))?;
        dir.write(FILE, 0o600, key.as_slice())?;
        Self::of(dir, key.as_slice())
    }

    /// Reads the key file; `None` when there is none.
    pub fn read(dir: &DataDir) -> Result<Option<Self>, DataDirError> {
        let Some(key) = dir.read(FILE)?.map(Zeroizing::new) else { return Ok(None) };
        Self::of(dir, &key).map(Some)
    }

    fn of(dir: &DataDir, key: &[u8]) -> Result<Self, DataDirError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| DataDirError::Io {
            doing: "use",
            path: dir.join(FILE),
            error: std::io::Error::other(format!(
                "it must be {KEY_LEN} bytes; restore it from a backup"
            )),
        })?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// A key that was read elsewhere; `None` when it is not 32 bytes.
    pub fn of_key(key: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Seals a secret for a purpose: nonce, ciphertext, tag. It opens for the same purpose only.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealingError> {
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
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
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
        let sealing = Sealing::open_or_make(&dir).unwrap();
        let mut sealed = sealing.seal("access key A", b"secret").unwrap();
        let again = Sealing::read(&dir).unwrap().unwrap();
        assert_eq!(again.open_sealed("access key A", &sealed).unwrap(), b"secret");
        assert_eq!(again.open_sealed("access key B", &sealed), Err(SealingError));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(again.open_sealed("access key A", &sealed), Err(SealingError));
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn a_key_of_another_length_is_refused_and_left() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temporary.path()).unwrap();
        for content in [&b""[..], b"short", &[7; 33]] {
            dir.write(FILE, 0o600, content).unwrap();
            let refused = Sealing::open_or_make(&dir).err().unwrap().to_string();
            assert!(refused.contains("sealing.key") && refused.contains("32 bytes"), "{refused}");
            assert_eq!(dir.read(FILE).unwrap().unwrap(), content);
        }
    }

    #[test]
    fn a_second_server_on_the_same_directory_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let mut first = DataDir::open(temporary.path()).unwrap();
        first.take().unwrap();
        let refused = DataDir::open(temporary.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        DataDir::open(temporary.path()).unwrap();
    }
}
