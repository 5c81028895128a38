//! A certificate of the administrator's own and its key, in two files: read and checked.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_ca::ServerChain;
use fleetwright_core::time::Timestamp;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use super::provider;

/// Bytes of one of the files, at most: a chain and a key are far shorter. (ours)
const FILE_BYTES: u64 = 128 * 1024;

/// The files of `server-certificate` and `server-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// PEM: the server's certificate, then the intermediate CAs, each signed by the next.
    pub certificate: PathBuf,
    /// PEM: its private key, PKCS#8, PKCS#1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// What the two files hold at a moment; it is never printed.
pub(super) struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// SHA-256 of both files.
pub(super) type Sum = [u8; 32];

/// A pair that fits.
pub(super) struct OwnPair {
    pub(super) chain: ServerChain,
    pub(super) certified: CertifiedKey,
    pub(super) sum: Sum,
}

impl PairFiles {
    /// Reads both files and checks that clients can make use of them, as it is done at a start and
    /// whenever they change.
    ///
    /// # Errors
    /// Names the file, what is wrong with it and the way out.
    pub fn check(&self, now: Timestamp) -> Result<ServerChain, String> {
        OwnPair::read(self, &self.content()?, now).map(|pair| pair.chain)
    }

    pub(super) fn content(&self) -> Result<Content, String> {
        let key = Zeroizing::new(read("server-key", &self.key)?);
        Ok(Content { certificate: read("server-certificate", &self.certificate)?, key })
    }
}

impl Content {
    pub(super) fn sum(&self) -> Sum {
        let mut sum = [0; 32];
        let parts = [digest(&SHA256, &self.certificate), digest(&SHA256, &self.key)];
        let parts = [parts[0].as_ref(), parts[1].as_ref()].concat();
        sum.copy_from_slice(digest(&SHA256, &parts).as_ref());
        sum
    }
}

impl OwnPair {
    pub(super) fn read(
        files: &PairFiles,
        content: &Content,
        now: Timestamp,
    ) -> Result<Self, String> {
        let certificate = format!("server-certificate {}", files.certificate.display());
        let text = std::str::from_utf8(&content.certificate)
            .map_err(|_| format!("{certificate}: it is not PEM (openssl x509 makes it of DER)"))?;
        let chain =
            ServerChain::read(text, now).map_err(|reason| format!("{certificate}: {reason}"))?;
        let key = key(files, &content.key)?;
        let certified = CertifiedKey::from_der(chain.chain_der.clone(), key, &provider());
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => format!(
                "server-key {} is not the key of the first certificate in {}: the server's own \
                 certificate stands first, and its key is the one that it was requested with",
                files.key.display(),
                files.certificate.display()
            ),
            error => format!("server-key {}: {error}", files.key.display()),
        })?;
        Ok(Self { chain, certified, sum: content.sum() })
    }
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, String> {
    let fail = |error: &dyn std::fmt::Display| {
        format!("{option} {} cannot be read: {error}", path.display())
    };
    let file = File::open(path).map_err(|error| fail(&error))?;
    let length = file.metadata().map_err(|error| fail(&error))?.len();
    if length > FILE_BYTES {
        return Err(fail(&format_args!("it is longer than {FILE_BYTES} bytes")));
    }
    // Room for all of it at once: a growing buffer would leave copies of a key behind.
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 32);
    file.take(FILE_BYTES).read_to_end(&mut content).map_err(|error| fail(&error))?;
    Ok(content)
}

fn key(files: &PairFiles, content: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(content).map_err(|_| {
        let is_encrypted = content.windows(9).any(|it| it == b"ENCRYPTED");
        let reason = match is_encrypted {
            true => {
                "it is encrypted: the server starts without a person, so decrypt it (openssl pkey \
                 -in KEY -out PLAIN) and let the server's user alone read it (chmod 600)"
            }
            false => "it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)",
        };
        format!("server-key {}: {reason}", files.key.display())
    })
}
