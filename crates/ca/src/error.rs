//! What can go wrong here, for the operator's eyes: each `Display` names the file, the rule and
//! the way out, and never a key.

use std::path::PathBuf;
use std::{fmt, io};

use crate::files::FileError;

/// The authority cannot be opened, or cannot issue. Nothing that existed was overwritten.
#[derive(Debug)]
pub enum AuthorityError {
    /// The file system refused.
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A file is missing that the others need, or does not hold what its name says.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The certificates that were given cannot take over as this authority's.
    NotImportable(String),
    /// What was asked for cannot be a certificate.
    NotIssuable(String),
    /// The cryptographic library refused to make a key or a signature.
    Crypto(&'static str),
    /// The signed certificate differs from what was asked; it was thrown away.
    Differs(String),
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            Self::Damaged { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::NotImportable(reason) => {
                write!(f, "the issuing CA is not imported: {reason}. Nothing was changed")
            }
            Self::NotIssuable(reason) => write!(f, "no certificate can be issued: {reason}"),
            Self::Crypto(doing) => write!(f, "the cryptographic library could not {doing}"),
            Self::Differs(what) => {
                write!(
                    f,
                    "a signed certificate was thrown away, for it is not what was asked: {what}"
                )
            }
        }
    }
}

impl std::error::Error for AuthorityError {}

impl From<FileError> for AuthorityError {
    fn from(FileError { doing, path, error }: FileError) -> Self {
        Self::Io { doing, path, error }
    }
}

/// The key pool cannot be opened, or no key can be put into it.
#[derive(Debug)]
pub enum KeyPoolError {
    /// The file system refused.
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The seal key's file does not hold a key.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The cryptographic library refused.
    Crypto(&'static str),
}

impl fmt::Display for KeyPoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            Self::Damaged { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Crypto(doing) => write!(f, "the cryptographic library could not {doing}"),
        }
    }
}

impl std::error::Error for KeyPoolError {}

impl From<FileError> for KeyPoolError {
    fn from(FileError { doing, path, error }: FileError) -> Self {
        Self::Io { doing, path, error }
    }
}

/// Bytes are not an X.509 certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableCertificate(pub(crate) String);

impl fmt::Display for UnreadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate cannot be read: {}", self.0)
    }
}

impl std::error::Error for UnreadableCertificate {}
