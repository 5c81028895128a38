//! The identity directory: what a provisioned device keeps, and how far provisioning got.
//!
//! | file | what |
//! |---|---|
//! | `device.key` | the private key (mode 0600) |
//! | `device.cert.pem` | the certificate |
//! | `root-ca.pem` | the CA of the server |
//! | `device-configuration.json` | `deviceConfiguration` of the provisioning template |
//! | `identity.json` | thing name, certificate id, endpoint, template; written last: it says "complete" |
//! | `pending.json` | an attempt under way (mode 0600), gone when it is complete |
//! | `.lock` | held by the process that provisions |

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use file::Directory;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::provision::Journal;
use crate::{Endpoint, SecretPem};

const KEY: &str = "device.key";
const CERTIFICATE: &str = "device.cert.pem";
const CA: &str = "root-ca.pem";
const CONFIGURATION: &str = "device-configuration.json";
const IDENTITY: &str = "identity.json";
const PENDING: &str = "pending.json";
const LOCK: &str = ".lock";

/// What a device is after provisioning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The thing, if the template makes one.
    pub thing_name: Option<String>,
    /// 64 hexadecimal digits: the SHA-256 of the certificate.
    pub certificate_id: String,
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key.
    pub key_pem: SecretPem,
    /// `deviceConfiguration` of the template; empty if it has none.
    pub device_configuration: BTreeMap<String, serde_json::Value>,
    /// The CA certificates that the server is checked by.
    pub ca_pem: String,
    /// The server that provisioned it.
    pub endpoint: Endpoint,
    /// The provisioning template.
    pub template: String,
}

/// `identity.json`: the part of an [`Identity`] that has no file of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    thing_name: Option<String>,
    certificate_id: String,
    endpoint: Endpoint,
    template: String,
}

/// An identity directory. Every file in it is replaced as a whole or not at all, and is on the disk
/// before the next is begun.
#[derive(Debug)]
pub struct IdentityStore {
    directory: Directory,
}

/// Held while provisioning: one process per directory.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "unlocks when dropped")] File);

impl IdentityStore {
    /// Opens the directory and makes it (mode 0700) if it is missing.
    ///
    /// # Errors
    /// When it cannot be made or is not a directory.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = Directory::new(path.into());
        directory.create().map_err(StoreError::writing(directory.path()))?;
        Ok(Self { directory })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The identity, if provisioning is complete. An attempt that was cut after the server's last
    /// answer is completed first.
    ///
    /// # Errors
    /// When a file cannot be read, or is damaged.
    pub fn load(&self) -> Result<Option<Identity>, StoreError> {
        if let Journal::Registered(identity) = self.journal()? {
            match self.lock() {
                Ok(_lock) => self.commit(&identity)?,
                // The process that provisions is about to do it.
                Err(StoreError::Busy(_)) => {}
                Err(other) => return Err(other),
            }
            return Ok(Some(*identity));
        }
        let Some(summary) = self.read(IDENTITY)? else { return Ok(None) };
        let summary: Summary = self.parse(IDENTITY, &summary)?;
        Ok(Some(Identity {
            thing_name: summary.thing_name,
            certificate_id: summary.certificate_id,
            certificate_pem: self.require(CERTIFICATE)?.to_string(),
            key_pem: SecretPem::new(self.require(KEY)?.as_str()),
            device_configuration: self.parse(CONFIGURATION, &self.require(CONFIGURATION)?)?,
            ca_pem: self.require(CA)?.to_string(),
            endpoint: summary.endpoint,
            template: summary.template,
        }))
    }

    /// How far an attempt got that is not complete, in words; `None` if there is none.
    ///
    /// # Errors
    /// When `pending.json` cannot be read, or is damaged.
    pub fn pending(&self) -> Result<Option<String>, StoreError> {
        Ok(match self.journal()? {
            Journal::Fresh => None,
            journal => Some(journal.to_string()),
        })
    }

    pub(crate) fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.path().join(LOCK);
        let file = self.directory.lock_file(LOCK).map_err(StoreError::writing(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy(self.path().into())),
            Err(std::fs::TryLockError::Error(cause)) => Err(StoreError::writing(&path)(cause)),
        }
    }

    pub(crate) fn journal(&self) -> Result<Journal, StoreError> {
        match self.read(PENDING)? {
            None => Ok(Journal::Fresh),
            Some(text) => self.parse(PENDING, &text),
        }
    }

    pub(crate) fn save_journal(&self, journal: &Journal) -> Result<(), StoreError> {
        match journal {
            Journal::Fresh => self.remove(PENDING),
            journal => self.write(PENDING, &json(journal)?, file::Mode::Private),
        }
    }

    /// Writes the identity file by file. The journal holds it whole until the last one is written,
    /// so that a cut between two files is repaired by the next start.
    pub(crate) fn commit(&self, identity: &Identity) -> Result<(), StoreError> {
        let summary = Summary {
            thing_name: identity.thing_name.clone(),
            certificate_id: identity.certificate_id.clone(),
            endpoint: identity.endpoint.clone(),
            template: identity.template.clone(),
        };
        self.write(KEY, identity.key_pem.expose().as_bytes(), file::Mode::Private)?;
        self.write(CERTIFICATE, identity.certificate_pem.as_bytes(), file::Mode::Public)?;
        self.write(CA, identity.ca_pem.as_bytes(), file::Mode::Public)?;
        self.write(CONFIGURATION, &json(&identity.device_configuration)?, file::Mode::Public)?;
        self.write(IDENTITY, &json(&summary)?, file::Mode::Public)?;
        self.remove(PENDING)
    }

    fn write(&self, name: &str, content: &[u8], mode: file::Mode) -> Result<(), StoreError> {
        let path = self.path().join(name);
        self.directory.replace(name, content, mode).map_err(StoreError::writing(&path))
    }

    fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path().join(name);
        self.directory.remove(name).map_err(StoreError::writing(&path))
    }

    fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, StoreError> {
        self.directory
            .read(name)
            .map_err(|cause| StoreError::Read { path: self.path().join(name), cause })
    }

    fn require(&self, name: &str) -> Result<Zeroizing<String>, StoreError> {
        self.read(name)?.ok_or_else(|| self.damaged(name, "it is missing"))
    }

    fn parse<'a, T: Deserialize<'a>>(&self, name: &str, text: &'a str) -> Result<T, StoreError> {
        // The position alone: serde's own text could quote a secret.
        serde_json::from_str(text).map_err(|e| {
            self.damaged(name, &format!("not as written, line {} column {}", e.line(), e.column()))
        })
    }

    fn damaged(&self, name: &str, reason: &str) -> StoreError {
        StoreError::Damaged { path: self.path().join(name), reason: reason.to_owned() }
    }
}

fn json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    serde_json::to_vec_pretty(value).map(Zeroizing::new).map_err(|cause| StoreError::Damaged {
        path: PathBuf::new(),
        reason: format!("it cannot be written as JSON: {cause}"),
    })
}

/// The identity directory cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// A file cannot be read.
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file cannot be written.
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is missing or not what we wrote.
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process provisions into this directory.
    Busy(PathBuf),
}

impl StoreError {
    fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Write { path: path.to_owned(), cause }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, cause } => write!(f, "{} cannot be read: {cause}", path.display()),
            Self::Write { path, cause } => {
                write!(f, "{} cannot be written: {cause}", path.display())
            }
            Self::Damaged { path, reason } => write!(
                f,
                "{} is damaged: {reason}. Restore it, or move the directory away and provision again",
                path.display()
            ),
            Self::Busy(path) => write!(
                f,
                "another process is provisioning into {}; wait for it, or give this device a directory of its own",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {}
