//! May a caller of the control plane do what an operation needs?
//!
//! Each operation needs one or more actions on resources: [`operation`] reads them from one table,
//! [`of_plan`] from what a provisioning template came to. [`authorize`] asks the caller's identity
//! policies about every one, with the engine of device policies; only it makes an [`Authorized`].

mod decide;
mod denied;
mod need;
mod plan;
mod table;

#[cfg(test)]
mod tests;

pub use decide::{Authorized, Grants, RESOURCE_TAG, authorize, authorize_device, lacking};
pub use denied::{Denied, Layer};
pub use need::{Need, RequiredPermissions};
pub use plan::{PlanNeeds, authorize_plan, of_plan};
pub use table::{Lookup, Member, Operation, StoredKind, Tags, operation, operations};
