//! The URLs that may be called: those of `[hooks] urls`. The right to write a template, an authorizer
//! or a certificate provider is not the right to send requests to every service that listens on this machine.

use std::net::IpAddr;

use fleetwright_core::url::Url;

/// Whether one of the configuration's URLs is this one, or one above it.
pub(super) fn is_listed(urls: &[String], target: &Url<'_>) -> bool {
    urls.iter().any(|listed| match Url::parse(listed) {
        Ok(listed) => covers(&listed, target),
        _ => false,
    })
}

/// Scheme, host and port must be the same. A path that ends in `/` stands for all beneath it; any
/// other, with its query, for itself.
fn covers(listed: &Url<'_>, target: &Url<'_>) -> bool {
    if (listed.tls, listed.port) != (target.tls, target.port) || !same(listed.host, target.host) {
        return false;
    }
    match target.path.strip_prefix(listed.path) {
        Some("") => true,
        Some(beneath) => listed.path.ends_with('/') && stays_beneath(beneath),
        None => false,
    }
}

fn same(a: &str, b: &str) -> bool {
    match (a.parse::<IpAddr>(), b.parse::<IpAddr>()) {
        (Ok(a), Ok(b)) => a == b,
        (Err(_), Err(_)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

/// Whether no reader of a path finds a way up in it: no `.` or `..`, plain or encoded, and nothing
/// that some take for a `/`.
fn stays_beneath(rest: &str) -> bool {
    let path = rest.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let odd = ["%2e", "%2f", "%5c", "\\", "#", ";"].iter().any(|odd| lower.contains(odd));
    !odd && path.split('/').all(|segment| segment != "." && segment != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(entry: &str, target: &str) -> bool {
        let Ok(target) = Url::parse(target) else { panic!("{target} is no URL") };
        is_listed(&[entry.to_owned()], &target)
    }

    #[test]
    fn a_url_is_listed_as_it_is_or_beneath_a_slash() {
        for (entry, target) in [
            ("https://hook.example/check", "https://hook.example/check"),
            ("https://hook.example/check", "https://HOOK.example:443/check"),
            ("https://hook.example", "https://hook.example/"),
            ("https://hook.example/", "https://hook.example/a/b?c=../d"),
            ("https://hook.example/a/", "https://hook.example/a/b"),
            ("https://hook.example/a?b=1", "https://hook.example/a?b=1"),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/hook"),
            ("http://[::1]:9000/", "http://[0:0:0:0:0:0:0:1]:9000/hook"),
        ] {
            assert!(listed(entry, target), "{entry} does not list {target}");
        }
    }

    #[test]
    fn whatever_differs_is_not_listed() {
        for (entry, target) in [
            ("https://hook.example/check", "https://hook.example/checks"),
            ("https://hook.example/check", "https://hook.example/check/"),
            ("https://hook.example/check", "https://hook.example/check?x=1"),
            ("https://hook.example/check", "https://hook.example/Check"),
            ("https://hook.example/a", "https://hook.example/"),
            ("https://hook.example/", "https://hook.example:8443/"),
            ("https://hook.example/", "https://hook.example.evil.example/"),
            ("https://hook.example/", "https://evil.example/hook.example/"),
            ("https://hook.example/", "https://hook.example./"),
            ("https://127.0.0.1/", "http://127.0.0.1:443/"),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9001/"),
            ("http://127.0.0.1:9000/", "http://localhost:9000/"),
            ("http://127.0.0.1:9000/", "http://127.0.0.2:9000/"),
            ("https://hook.example/a/", "https://hook.example/a"),
            ("https://hook.example/a/", "https://hook.example/a/../b"),
            ("https://hook.example/a/", "https://hook.example/a/..?x"),
            ("https://hook.example/a/", "https://hook.example/a/b/./c"),
            ("https://hook.example/a/", "https://hook.example/a/%2E%2e/b"),
            ("https://hook.example/a/", "https://hook.example/a/..%2fb"),
            ("https://hook.example/a/", "https://hook.example/a/..\\b"),
            ("https://hook.example/a/", "https://hook.example/a/..;/b"),
            ("command:name", "https://hook.example/"),
        ] {
            assert!(!listed(entry, target), "{entry} lists {target}");
        }
    }
}
