//! Tags of resources, by ARN.

mod list_tags_for_resource;
mod tag_resource;
mod tagged;
mod untag_resource;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(list_tags_for_resource), operation!(tag_resource), operation!(untag_resource)];
