//! Fleet indexing: the query language, what it is asked of, and what is counted over the answers
//! (AWS: guide, "Query syntax", "Example thing queries", "Querying for aggregate data").
//!
//! A [`Query`] is read once, within bounds, and asked of one [`Document`] at a time; which
//! documents there are is the registry's.

mod aggregate;
mod configuration;
mod document;
mod narrow;
mod node;
mod parse;
mod query;
mod scan;
mod shadows;
mod text;

#[cfg(test)]
mod tests;

pub use aggregate::{Buckets, Cardinality, Number, Percentiles, Statistics, cell};
pub use configuration::{
    CONNECTIVITY_FIELDS, CustomField, FieldType, GROUP_FIELDS, GroupIndexing, IndexName,
    IndexingConfiguration, REGISTRY_FIELDS, SHADOW_FIELDS, ThingIndexing, ThingIndexingMode,
};
pub use document::{Connectivity, Document, GroupDocument, ThingDocument, Value};
pub use narrow::{NameBound, Narrow};
pub use query::Query;
pub use shadows::IndexedShadows;

use crate::error::{ErrorCode, Refusal};

/// The one version of the query language.
pub const QUERY_VERSION: &str = "2017-09-30";

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidQuery(String);

impl InvalidQuery {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl std::fmt::Display for InvalidQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidQuery {}

impl From<InvalidQuery> for Refusal {
    fn from(invalid: InvalidQuery) -> Self {
        Self::new(ErrorCode::InvalidQuery, invalid.0)
    }
}
