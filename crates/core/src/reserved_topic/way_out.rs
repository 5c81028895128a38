//! What was most likely meant by a reserved topic that may not be used.

use super::{Leg, PUBLISH, ProvisioningTopic, SUBSCRIBE};

/// Requests of the provisioning API, without their format.
const REQUESTS: [&str; 3] = [
    "$aws/certificates/create",
    "$aws/certificates/create-from-csr",
    "$aws/provisioning-templates/+/provision",
];
const FORMATS: [&str; 2] = ["json", "cbor"];
/// How many letters may be wrong in one level of a topic. (ours)
const LETTERS: usize = 2;

/// A clause that names the way out; `None` when nothing near is known. `subscribe`: the topic is a
/// filter, otherwise it was published to.
pub fn way_out(topic: &str, subscribe: bool) -> Option<String> {
    if let Some(shared) = topic.strip_prefix("$share/") {
        let (_, filter) = shared.split_once('/')?;
        return (!subscribe && !filter.is_empty())
            .then(|| format!("$share is for SUBSCRIBE: publish to '{filter}'"));
    }
    if let Some(known) = ProvisioningTopic::parse(topic) {
        return Some(match (known.leg, subscribe) {
            (Leg::Request, _) => format!(
                "it is for requests: subscribe to {} and {}",
                known.accepted(),
                known.rejected()
            ),
            _ => format!(
                "answers come on it: subscribe to it, and publish to {}",
                known.on(Leg::Request)
            ),
        });
    }
    let (request, leg) = match topic.rsplit_once('/') {
        Some((request, leg @ ("accepted" | "rejected"))) => (request, Some(leg)),
        _ => (topic, None),
    };
    if REQUESTS.iter().any(|known| mended(known, request, 0).is_some()) {
        return Some(match (subscribe, leg) {
            (true, leg) => {
                let leg = leg.unwrap_or("accepted");
                format!("answers come on {request}/json/{leg} or {request}/cbor/{leg}")
            }
            (false, _) => format!("requests go to {request}/json or {request}/cbor"),
        });
    }
    let requests =
        REQUESTS.iter().flat_map(|known| FORMATS.map(|format| format!("{known}/{format}")));
    let known = if subscribe { SUBSCRIBE } else { PUBLISH };
    let mut candidates: Vec<String> = known.iter().map(|known| (*known).to_owned()).collect();
    candidates.extend(requests.filter(|_| !subscribe));
    let found = candidates.iter().find_map(|known| mended(known, topic, LETTERS))?;
    Some(format!("did you mean {found}?"))
}

/// A known topic with the names that a topic has where it has `+`, if they differ in one level and
/// at most so many letters there.
fn mended(known: &str, topic: &str, letters: usize) -> Option<String> {
    let (known, levels): (Vec<&str>, Vec<&str>) =
        (known.split('/').collect(), topic.split('/').collect());
    if known.len() != levels.len() || levels.iter().any(|level| matches!(*level, "+" | "#")) {
        return None;
    }
    let wrong =
        || known.iter().zip(&levels).filter(|(right, level)| **right != "+" && right != level);
    let near = wrong().all(|(right, level)| distance(right, level) <= letters);
    (near && wrong().count() <= 1).then(|| {
        let mend = known.iter().zip(&levels).map(|(right, level)| match *right {
            "+" => *level,
            right => right,
        });
        mend.collect::<Vec<_>>().join("/")
    })
}

/// Letters to put in, leave out or replace (Levenshtein); long levels are not compared.
fn distance(one: &str, other: &str) -> usize {
    const LONGEST: usize = 32;
    if one.len() > LONGEST || other.len() > LONGEST {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, a) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for ((above, beside), b) in row.iter().zip(row.iter().skip(1)).zip(other.chars()) {
            let left = next.last().copied().unwrap_or_default();
            next.push((above + usize::from(a != b)).min(beside + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_is_named() {
        for (topic, subscribe, expected) in [
            ("$aws/certificates/create", false, "requests go to $aws/certificates/create/json or"),
            ("$aws/provisioning-templates/T/provision", false, "T/provision/cbor"),
            ("$aws/certificates/create/accepted", true, "create/json/accepted or"),
            ("$aws/certificates/create/rejected", true, "create/json/rejected or"),
            (
                "$aws/certificates/create/json/accepted",
                false,
                "publish to $aws/certificates/create/json",
            ),
            (
                "$aws/certificates/create/json",
                true,
                "subscribe to $aws/certificates/create/json/acc",
            ),
            ("$share/g/t/u", false, "$share is for SUBSCRIBE: publish to 't/u'"),
            (
                "$aws/provisioning-templates/T/provision/json/acepted",
                true,
                "did you mean $aws/provisioning-templates/T/provision/json/accepted?",
            ),
            ("$aws/certificate/create/json", false, "did you mean $aws/certificates/create/json?"),
            ("$aws/things/t/shadow/updat", false, "did you mean $aws/things/t/shadow/update?"),
        ] {
            let found = way_out(topic, subscribe).unwrap_or_default();
            assert!(found.contains(expected), "{topic}: {found}");
        }
        for topic in ["$aws/other/thing", "$SYS/a", "$share/g", "$share/g/"] {
            assert_eq!(way_out(topic, false), None, "{topic}");
        }
    }
}
