//! Templates of the registry, parsed once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::{self as store, Store, TemplateType};

/// Templates kept; an account has at most [`fleetwright_core::limits::TEMPLATES`].
const KEPT: usize = fleetwright_core::limits::TEMPLATES;

/// A template's record and its default version, parsed.
pub(super) struct Compiled {
    pub(super) record: store::Template,
    pub(super) template: Arc<Template>,
}

/// The cache. A change forgets the template before whoever made it is answered.
#[derive(Default)]
pub(super) struct Templates {
    kept: Mutex<HashMap<TemplateName, Arc<Compiled>>>,
    changes: AtomicU64,
}

impl Templates {
    /// The template of a name; `None` when there is none.
    pub(super) async fn get(
        &self,
        store: &Store,
        name: &TemplateName,
    ) -> Result<Option<Arc<Compiled>>, Refusal> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let Some(record) = store.template(name).await? else { return Ok(None) };
        let use_ = match record.kind {
            TemplateType::FleetProvisioning => TemplateUse::Fleet,
            TemplateType::Jitp => TemplateUse::Jitp,
        };
        let template = Template::parse(&record.body, use_).map_err(|error| {
            Refusal::internal(format_args!("stored template {name} is not valid: {error}"))
        })?;
        let template = Arc::new(template);
        let compiled = Arc::new(Compiled { record, template });
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change must not be kept after it.
        if changes == self.changes.load(Ordering::Acquire) {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(name.clone(), Arc::clone(&compiled));
        }
        Ok(Some(compiled))
    }

    pub(super) fn forget(&self, name: &TemplateName) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        kept.remove(name);
    }
}
