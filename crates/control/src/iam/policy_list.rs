//! `ListPolicies`: those of AWS first, then those of the account, each by name.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits::IAM_PAGE;
use fleetwright_core::managed_policy::AWS_POLICIES;
use fleetwright_store::PolicyKey;

use crate::Control;
use crate::error::ApiError;
use crate::iam::page::{Page, end};
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome, invalid};

pub(super) const OPERATIONS: &[Operation] = &[operation!("ListPolicies", list_policies)];

/// What the keys of AWS's policies begin with; a name has no colon.
const OF_AWS: &str = "aws:";

/// A page under way: up to one policy more than it has, to know whether it is the last.
struct Listing {
    page: Page,
    prefix: String,
    only_attached: bool,
    found: Vec<(String, Element)>,
}

/// `ListPolicies`.
async fn list_policies(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let mut listing = Listing {
        page: Page::read(form)?,
        prefix: read::prefix(form)?,
        only_attached: form.flag("OnlyAttached")?,
        found: Vec::new(),
    };
    let (of_aws, own) = match form.get("Scope").unwrap_or("All") {
        "All" => (true, true),
        "AWS" => (true, false),
        "Local" => (false, true),
        _ => return Err(invalid("The parameter 'Scope' must be All, AWS or Local.")),
    };
    if of_aws {
        listing.add_those_of_aws(control).await?;
    }
    if own {
        listing.add_own(control).await?;
    }
    let Listing { page, mut found, .. } = listing;
    let more = found.len() > page.size;
    found.truncate(page.size);
    let next = found.last().filter(|_| more).map(|(key, _)| key.clone());
    let shown = found.into_iter().map(|(_, policy)| policy);
    Ok(end(Element::new().list("Policies", shown), next.as_deref()))
}

impl Listing {
    fn is_full(&self) -> bool {
        self.found.len() > self.page.size
    }

    /// The policies of AWS that the pages before did not have.
    async fn add_those_of_aws(&mut self, control: &Control) -> Result<(), ApiError> {
        for policy in AWS_POLICIES {
            let key = format!("{OF_AWS}{}", policy.name);
            let is_past = match self.page.after.as_deref() {
                None => true,
                Some(after) => after.starts_with(OF_AWS) && *key > *after,
            };
            if is_past && policy.path.starts_with(&self.prefix) {
                self.add(control, key, &PolicyKey::Aws(policy)).await?;
            }
        }
        Ok(())
    }

    /// The policies of the account, until the page is full.
    async fn add_own(&mut self, control: &Control) -> Result<(), ApiError> {
        let mut after = self.page.after.clone().filter(|after| !after.starts_with(OF_AWS));
        while !self.is_full() {
            let prefix = self.prefix.clone();
            let own = control.store.list_managed_policies(prefix, after, IAM_PAGE).await?;
            for policy in own.items {
                self.add(control, policy.name.to_string(), &PolicyKey::Own(policy)).await?;
            }
            after = own.next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// One policy, if it is asked for and there is room.
    async fn add(
        &mut self,
        control: &Control,
        key: String,
        policy: &PolicyKey,
    ) -> Result<(), ApiError> {
        if self.is_full() {
            return Ok(());
        }
        let count = control.store.attachments_of_managed_policy(policy).await?;
        if count > 0 || !self.only_attached {
            let shown = match policy {
                PolicyKey::Aws(policy) => shape::aws_policy(policy, count),
                PolicyKey::Own(policy) => shape::policy(control, policy, count),
            };
            self.found.push((key, shown));
        }
        Ok(())
    }
}
