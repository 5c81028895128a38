//! Keys of the pool at rest: AES-256-GCM, bound to the name of their file.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::error::KeyPoolError;
use crate::files;

/// The file of the sealing key.
pub(crate) const FILE: &str = "seal.key";
const KEY_LEN: usize = 32;

/// Seals and opens.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    /// Reads the key file, or makes it.
    pub(crate) fn open(dir: &Path) -> Result<Self, KeyPoolError> {
        let key = match files::read(&dir.join(FILE))? {
            Some(key) => key,
            None => {
                let mut key = Zeroizing::new(vec![0; KEY_LEN]);
                rand::fill(&mut key).map_err(|_| KeyPoolError::Crypto("give random bytes"))?;
                files::write(dir, FILE, &key)?;
                key
            }
        };
        UnboundKey::new(&AES_256_GCM, &key).map(|key| Self(LessSafeKey::new(key))).map_err(|_| {
            KeyPoolError::Damaged {
                path: dir.join(FILE),
                reason: format!(
                    "it must be {KEY_LEN} bytes, and is {}; delete it, and the pool starts afresh \
                     (its keys were given to nobody)",
                    key.len()
                ),
            }
        })
    }

    /// Nonce, ciphertext, tag.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, KeyPoolError> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| KeyPoolError::Crypto("give random bytes"))?;
        // Room for the tag, so that no copy of the secret is left behind by growing.
        let mut sealed = Zeroizing::new(Vec::with_capacity(secret.len() + AES_256_GCM.tag_len()));
        sealed.extend_from_slice(secret);
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut *sealed,
            )
            .map_err(|_| KeyPoolError::Crypto("seal a key"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed under this name; `None` when it was not, or was changed.
    pub(crate) fn unseal(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}
