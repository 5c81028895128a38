//! Which parts are notified of a change of the registry.

use std::sync::{Arc, OnceLock, Weak};

use fleetwright_access::access_keys::SigningKeys;
use fleetwright_access::identities::Identities;
use fleetwright_core::logging::LogLevel;
use fleetwright_functions::Functions;
use fleetwright_gateway::Gateway;
use fleetwright_gateway::events::Events;
use fleetwright_gateway::rights::Policies;
use fleetwright_provisioning::Provisioning;
use fleetwright_store::Change;
use tokio::sync::watch;

/// The parts that keep something of the registry.
pub(crate) struct Listeners {
    pub(crate) policies: Weak<Policies>,
    pub(crate) gateway: Weak<Gateway>,
    pub(crate) provisioning: Weak<Provisioning>,
    pub(crate) identities: Weak<Identities>,
    pub(crate) functions: Weak<Functions>,
    pub(crate) keys: Weak<SigningKeys>,
}

/// Passes changes on. The registry opens before its listeners exist, so these are set later.
pub(crate) struct Changes {
    events: Arc<Events>,
    /// How much is logged of devices; `None` before that is set.
    log_level: watch::Sender<Option<LogLevel>>,
    listeners: OnceLock<Listeners>,
}

impl Changes {
    pub(crate) fn new(events: Arc<Events>) -> Self {
        Self { events, log_level: watch::Sender::new(None), listeners: OnceLock::new() }
    }

    /// How much is logged of devices, as the registry has it at the start.
    pub(crate) fn start_log_level(&self, level: Option<LogLevel>) {
        self.log_level.send_replace(level);
    }

    /// How much is logged of devices, from now on.
    pub(crate) fn log_level(&self) -> watch::Receiver<Option<LogLevel>> {
        self.log_level.subscribe()
    }

    /// From now on these are notified.
    pub(crate) fn notify(&self, listeners: Listeners) {
        // Set once, by `App::build`.
        let _ = self.listeners.set(listeners);
    }

    pub(crate) fn on_change(&self, change: &Change) {
        let Some(listeners) = self.listeners.get() else { return };
        match change {
            Change::Certificate(id) => notify(&listeners.gateway, |it| it.certificate_changed(id)),
            // Before the operator is answered: a revocation is final when it is acknowledged.
            Change::CertificateOff(id) => notify(&listeners.gateway, |it| it.certificate_off(id)),
            Change::Thing(name) => {
                notify(&listeners.policies, |it| it.thing_changed());
                notify(&listeners.gateway, |it| it.thing_changed(name.as_str()));
            }
            Change::Policy(row) => notify(&listeners.policies, |it| it.policy_changed(*row)),
            Change::ThingGroup(_) | Change::ThingType(_) => {
                notify(&listeners.policies, |it| it.groups_changed());
            }
            Change::CertificateProvider => {
                notify(&listeners.provisioning, |it| it.certificate_provider_changed());
            }
            Change::Template(name) => {
                notify(&listeners.provisioning, |it| it.template_changed(name))
            }
            Change::Identities => {
                notify(&listeners.identities, |it| it.changed());
                notify(&listeners.keys, |it| it.forget_all());
                notify(&listeners.gateway, |it| it.callers_changed());
            }
            Change::ConnectivityIndexing(on) => {
                notify(&listeners.gateway, |it| it.connectivity_indexed(*on));
            }
            Change::AccessKey(_) => {
                notify(&listeners.keys, |it| it.forget_all());
                notify(&listeners.gateway, |it| it.callers_changed());
            }
            Change::Function(name) => notify(&listeners.functions, |it| it.changed(name)),
            Change::Logging(level) => {
                self.log_level.send_replace(Some(*level));
            }
            Change::Registry(event) => self.events.hear(event),
        }
    }
}

/// Notifies a listener that still exists.
fn notify<T>(listener: &Weak<T>, of: impl FnOnce(&Arc<T>)) {
    if let Some(listener) = listener.upgrade() {
        of(&listener);
    }
}
