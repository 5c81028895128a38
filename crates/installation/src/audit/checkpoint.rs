//! Signed checkpoints of the audit trail: made every hour, when the server stops, and by hand with
//! `fleetwright audit checkpoint`. A copy that is kept elsewhere shows what a trail of which
//! everything was computed anew no longer has.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::signature::{
    ED25519, ED25519_PUBLIC_KEY_LEN, Ed25519KeyPair, KeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::audit::{Checkpoint, Head, SignedCheckpoint};
use fleetwright_core::time::Timestamp;
use fleetwright_host::background::every;
use fleetwright_host::{clock, sealing};
use fleetwright_store::{Store, StoreError};
use parking_lot::Mutex;
use zeroize::Zeroizing;

/// How often a checkpoint is made while records come. (ours)
const EVERY: Duration = Duration::from_secs(60 * 60);
/// What the key is derived for.
const PURPOSE: &[u8] = b"fleetwright audit checkpoints";
const LABEL: &str = "PUBLIC KEY";
/// SubjectPublicKeyInfo of an Ed25519 key, up to the key itself (RFC 8410).
const SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Signs checkpoints: an Ed25519 key derived from the sealing key by HKDF-SHA256, so that it is
/// restored with it, and used for nothing else.
pub struct CheckpointKey(Ed25519KeyPair);

/// Verifies checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointPublicKey([u8; ED25519_PUBLIC_KEY_LEN]);

impl CheckpointKey {
    /// The key of a data directory.
    ///
    /// # Errors
    /// When its sealing key cannot be read.
    pub fn read(data_dir: &Path) -> Result<Self, String> {
        let path = data_dir.join(sealing::FILE);
        let key = std::fs::read(&path).map(Zeroizing::new);
        let key = key.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::derive(&key).map_err(|_| "a signing key cannot be derived".to_owned())
    }

    fn derive(sealing_key: &[u8]) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut seed = Zeroizing::new([0; 32]);
        Salt::new(HKDF_SHA256, &[])
            .extract(sealing_key)
            .expand(&[PURPOSE], HKDF_SHA256)?
            .fill(seed.as_mut_slice())?;
        let key = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        key.map(Self).map_err(|_| aws_lc_rs::error::Unspecified)
    }

    /// What its signatures verify with.
    pub(crate) fn public_key(&self) -> CheckpointPublicKey {
        let mut key = [0; ED25519_PUBLIC_KEY_LEN];
        for (to, from) in key.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        CheckpointPublicKey(key)
    }

    /// Signs the heads of all chains.
    pub(crate) fn sign(&self, chains: Vec<Head>, at: Timestamp) -> SignedCheckpoint {
        let statement = Checkpoint { at, chains }.statement();
        let signature = STANDARD.encode(self.0.sign(statement.as_bytes()));
        SignedCheckpoint { statement, signature, public_key: self.public_key().pem() }
    }
}

impl CheckpointPublicKey {
    /// Reads a SubjectPublicKeyInfo in PEM.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(&format!("-----BEGIN {LABEL}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {LABEL}-----"))?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).ok()?;
        der.strip_prefix(SPKI)?.try_into().ok().map(Self)
    }

    /// As SubjectPublicKeyInfo in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        let der = [SPKI, &self.0].concat();
        format!("-----BEGIN {LABEL}-----\n{}\n-----END {LABEL}-----\n", STANDARD.encode(der))
    }

    /// What a document says, if it is a checkpoint with a signature of this key. The key that it
    /// names itself proves nothing.
    ///
    /// # Errors
    /// Why it cannot be believed.
    pub fn open(&self, document: &str) -> Result<Checkpoint, String> {
        let signed: SignedCheckpoint = serde_json::from_str(document)
            .map_err(|error| format!("it is no signed checkpoint: {error}"))?;
        let signature = STANDARD.decode(&signed.signature).unwrap_or_default();
        let verified = UnparsedPublicKey::new(&ED25519, self.0)
            .verify(signed.statement.as_bytes(), &signature);
        match verified {
            Ok(()) => Checkpoint::parse(&signed.statement),
            Err(_) if Self::from_pem(&signed.public_key) != Some(*self) => {
                Err("it was signed with another key".to_owned())
            }
            Err(_) => Err("its signature does not verify: it was altered".to_owned()),
        }
    }
}

/// Makes and keeps checkpoints.
pub struct Checkpoints {
    store: Store,
    key: CheckpointKey,
    /// Where the chains were at the last one.
    last: Mutex<Vec<Head>>,
}

impl Checkpoints {
    /// None was made yet.
    pub fn new(store: Store, key: CheckpointKey) -> Self {
        Self { store, key, last: Mutex::default() }
    }

    /// Makes one now and then, for ever; the first after a while.
    pub async fn make_regularly(self: Arc<Self>) {
        tokio::time::sleep(EVERY).await;
        every(EVERY, || async {
            self.make().await;
            false
        })
        .await
    }

    /// Makes one, unless no record came since the last.
    pub async fn make(&self) {
        if let Err(error) = self.try_make().await {
            tracing::error!(%error, "no checkpoint of the audit trail could be made");
        }
    }

    async fn try_make(&self) -> Result<(), StoreError> {
        let heads = self.store.audit_heads().await?;
        if *self.last.lock() == heads {
            return Ok(());
        }
        let now = clock::now();
        let signed = self.key.sign(heads.clone(), now);
        let document = serde_json::to_string(&signed).unwrap_or_default();
        self.store.keep_audit_checkpoint(document, now).await?;
        *self.last.lock() = heads;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use fleetwright_core::audit::Digest;

    use super::*;

    fn signed(key: &CheckpointKey) -> SignedCheckpoint {
        key.sign(vec![Head { chain: 1, position: 2, hash: Digest([3; 32]) }], Timestamp(4))
    }

    fn document(signed: &SignedCheckpoint) -> String {
        serde_json::to_string(signed).unwrap()
    }

    #[test]
    fn a_checkpoint_is_believed_under_its_own_key_and_unaltered_only() {
        let key = CheckpointKey::derive(&[7; 32]).unwrap();
        let public = CheckpointPublicKey::from_pem(&key.public_key().pem()).unwrap();
        let good = signed(&key);
        assert_eq!(public.open(&document(&good)).unwrap().chains.len(), 1);
        let statement = good.statement.replace("\"position\":2", "\"position\":3");
        let altered = SignedCheckpoint { statement, ..good.clone() };
        assert!(public.open(&document(&altered)).unwrap_err().contains("altered"));
        let other = signed(&CheckpointKey::derive(&[8; 32]).unwrap());
        assert!(public.open(&document(&other)).unwrap_err().contains("another key"));
        assert!(public.open("{}").unwrap_err().contains("no signed checkpoint"));
    }

    #[test]
    fn the_public_key_is_as_the_library_encodes_it() {
        let key = CheckpointKey::derive(&[7; 32]).unwrap();
        let der: aws_lc_rs::encoding::PublicKeyX509Der<'_> = key.0.public_key().as_der().unwrap();
        let expected = STANDARD.encode(der.as_ref());
        assert!(key.public_key().pem().contains(&expected));
    }
}
