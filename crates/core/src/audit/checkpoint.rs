//! A checkpoint: the heads of all chains at one time, to be signed and kept elsewhere.

use serde::{Deserialize, Serialize};

use super::Head;
use crate::time::Timestamp;

/// How far all chains had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// When.
    pub at: Timestamp,
    /// The head of every chain that had records then.
    pub chains: Vec<Head>,
}

/// A checkpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SignedCheckpoint {
    /// What is signed, to the byte: [`Checkpoint::statement`].
    pub statement: String,
    /// The Ed25519 signature of it, in Base64.
    pub signature: String,
    /// The key that it verifies with, PEM.
    pub public_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    format: String,
    at: i64,
    chains: Vec<Head>,
}

/// The form of statements; another form gets another name.
const FORMAT: &str = "fleetwright-audit-checkpoint-1";

impl Checkpoint {
    /// The text that is signed: compact JSON.
    #[must_use]
    pub fn statement(&self) -> String {
        let statement =
            Statement { format: FORMAT.to_owned(), at: self.at.0, chains: self.chains.clone() };
        serde_json::to_string(&statement).unwrap_or_default()
    }

    /// Reads a statement whose signature was verified.
    ///
    /// # Errors
    /// What it is not.
    pub fn parse(statement: &str) -> Result<Self, String> {
        let read: Statement = serde_json::from_str(statement)
            .map_err(|error| format!("its statement is no checkpoint: {error}"))?;
        if read.format != FORMAT {
            return Err(format!("its statement has the format '{}', not '{FORMAT}'", read.format));
        }
        Ok(Self { at: Timestamp(read.at), chains: read.chains })
    }
}
