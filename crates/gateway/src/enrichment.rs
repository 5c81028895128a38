//! Message enrichment: what a thing's type adds to the messages that the thing publishes (AWS:
//! guide, "Adding propagating attributes for message enrichment"). MQTT 3.1.1 receivers see nothing
//! of it.

use std::sync::Arc;

use fleetwright_core::limits::USER_PROPERTIES_BYTES;
use fleetwright_mqtt::PublishProperties;

use crate::rights::{Propagated, Rights};

/// Adds what a connection's rights say, if they say anything. The names that the type configures
/// are the registry's: a property of such a name that the device sent goes, also where the registry
/// has no value, so that no device passes for another; and where both together are more than MQTT
/// messages may carry here, the device's own go first.
pub(super) fn enrich(rights: &Rights, properties: &mut Option<Arc<PublishProperties>>) {
    if let Some(said) = rights.propagated()
        && (properties.is_some() || !said.properties.is_empty())
    {
        let own = properties.take();
        *properties = Some(Arc::new(enriched(own.as_deref(), said)));
    }
}

fn enriched(own: Option<&PublishProperties>, propagated: &Propagated) -> PublishProperties {
    let Propagated { names, properties: added } = propagated;
    let mut enriched = own.cloned().unwrap_or_default();
    let taken: usize = added.iter().map(|(key, value)| key.len() + value.len()).sum();
    let mut room = USER_PROPERTIES_BYTES.saturating_sub(taken);
    enriched.user_properties.retain(|(key, value)| {
        let left = room.checked_sub(key.len() + value.len());
        let keep = left.is_some() && !names.iter().any(|name| **name == **key);
        if let (true, Some(left)) = (keep, left) {
            room = left;
        }
        keep
    });
    enriched.user_properties.extend(added.iter().cloned());
    enriched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::UserProperties;

    fn properties(pairs: &[(&str, &str)]) -> UserProperties {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    /// What a type says that configures `names`, of which these have a value.
    fn said(names: &[&str], pairs: &[(&str, &str)]) -> Propagated {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Propagated { names, properties: properties(pairs) }
    }

    fn own(pairs: &[(&str, &str)]) -> PublishProperties {
        PublishProperties { user_properties: properties(pairs), ..PublishProperties::default() }
    }

    #[test]
    fn what_is_added_comes_behind_what_the_device_sent() {
        let own = PublishProperties { content_type: Some("text".into()), ..own(&[("a", "1")]) };
        let enriched = enriched(Some(&own), &said(&["site"], &[("site", "north")]));
        assert_eq!(enriched.user_properties, properties(&[("a", "1"), ("site", "north")]));
        assert_eq!(enriched.content_type, own.content_type);
    }

    #[test]
    fn a_device_cannot_send_what_the_registry_says() {
        let own = own(&[("site", "south"), ("a", "1"), ("site", "west")]);
        let enriched = enriched(Some(&own), &said(&["site"], &[("site", "north")]));
        assert_eq!(enriched.user_properties, properties(&[("a", "1"), ("site", "north")]));
    }

    #[test]
    fn where_the_registry_has_no_value_the_device_says_nothing_in_its_stead() {
        let own = own(&[("site", "north"), ("a", "1")]);
        let enriched = enriched(Some(&own), &said(&["site"], &[]));
        assert_eq!(enriched.user_properties, properties(&[("a", "1")]));
    }

    #[test]
    fn together_they_keep_within_the_bound() {
        let long = "x".repeat(USER_PROPERTIES_BYTES - 10);
        let own = own(&[("long", &long), ("a", "1")]);
        let enriched = enriched(Some(&own), &said(&["site"], &[("site", "north")]));
        assert_eq!(enriched.user_properties, properties(&[("a", "1"), ("site", "north")]));
    }
}
