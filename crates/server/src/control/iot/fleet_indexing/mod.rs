//! Fleet indexing: its configuration, searches, aggregations, who is connected.

mod answers;
mod asked;
mod describe_index;
mod get_buckets_aggregation;
mod get_cardinality;
mod get_indexing_configuration;
mod get_percentiles;
mod get_statistics;
mod get_thing_connectivity_data;
mod list_indices;
mod search_index;
mod settings;
mod update_indexing_configuration;

pub(super) use asked::{index, query_text};

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(describe_index),
    operation!(get_buckets_aggregation),
    operation!(get_cardinality),
    operation!(get_indexing_configuration),
    operation!(get_percentiles),
    operation!(get_statistics),
    operation!(get_thing_connectivity_data),
    operation!(list_indices),
    operation!(search_index),
    operation!(update_indexing_configuration),
];
