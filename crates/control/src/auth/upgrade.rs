//! The signature of an upgrade to WebSocket. AWS: guide, "Device communication protocols", "MQTT over
//! WebSocket": AWS's SDKs leave `X-Amz-Expires` out, and append the session token to the signed
//! address.

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::time::Timestamp;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;

use super::presented::{Life, single};
use super::{
    AuthError, Credentials, HOST_CHARS, Scope, Unverified, canonical, check_session_token, cut,
    unknown_key,
};

/// What is never signed, and what may be signed or not.
const LEFT_OUT: [&[&str]; 2] = [&["X-Amz-Signature", "X-Amz-Security-Token"], &["X-Amz-Signature"]];

impl Unverified {
    /// Reads what is presented, and checks scope and clock. Without `X-Amz-Expires`, it is good for as
    /// long as a signature in the header.
    pub(crate) fn read_upgrade(parts: &Parts, scope: &Scope<'_>) -> Result<Self, AuthError> {
        Self::read_with(parts, scope, Life::MayBeLeftOut)
    }

    /// Recomputes the signature of a request without a body: with or without the session token, and
    /// for a host with or without its port, as clients write it.
    pub(crate) fn verify_upgrade(
        &self,
        parts: &Parts,
        credentials: Option<&Credentials>,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let Self { presented, query } = self;
        let credentials = credentials.ok_or_else(|| unknown_key(presented))?;
        check_session_token(presented, credentials)?;
        let hash = canonical::hex(digest(&SHA256, b"").as_ref());
        let without_port = without_port(&parts.headers);
        for headers in [Some(&parts.headers), without_port.as_ref()].into_iter().flatten() {
            for left_out in LEFT_OUT {
                let request = canonical::request(
                    &parts.method,
                    parts.uri.path(),
                    &query.canonical_without(left_out),
                    headers,
                    &presented.signed_headers,
                    &hash,
                )?;
                let expected = canonical::signature(presented, &credentials.key, &request);
                if bool::from(expected.ct_eq(&presented.signature)) {
                    return match credentials.expires {
                        Some(expires) if expires <= now => Err(AuthError::SessionOver),
                        _ => Ok(()),
                    };
                }
            }
        }
        let host = single(&parts.headers, "host")?.unwrap_or_default();
        Err(AuthError::Mismatch { host: cut(host, HOST_CHARS).to_owned() })
    }
}

/// The same headers with a host that has no port; `None` where it has none.
fn without_port(headers: &HeaderMap) -> Option<HeaderMap> {
    let (name, port) = headers.get(HOST)?.to_str().ok()?.rsplit_once(':')?;
    port.bytes().all(|digit| digit.is_ascii_digit()).then_some(())?;
    let name = HeaderValue::from_str(name).ok()?;
    let mut headers = headers.clone();
    headers.insert(HOST, name);
    Some(headers)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use zeroize::Zeroizing;

    use super::super::tests::known;
    use super::*;

    /// 2026-01-02T03:04:05Z
    const SIGNED: i64 = 1_767_323_045;
    const HOST_NAME: &str = "a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com";
    /// Calculated by hand and, the second, confirmed with botocore's `SigV4QueryAuth`.
    const WITHOUT: &str = "171fa1b5aa26efe03de191590749370f46746012780dd7020d07dea0621f9596";
    const EXPIRES: &str = "759c2e0ad7dcab66c924f2cee726f1f5bb4ae070aea5a3426d42f9e3376bd85f";

    fn address(more: &str, signature: &str) -> String {
        format!(
            "/mqtt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2F\
             us-east-1%2Fiotdevicegateway%2Faws4_request&X-Amz-Date=20260102T030405Z{more}\
             &X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
        )
    }

    fn judge(
        address: &str,
        host: &str,
        token: Option<&str>,
        seconds: i64,
    ) -> Result<(), AuthError> {
        let request = Request::get(address).header(HOST, host).body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let now = Timestamp((SIGNED + seconds) * 1000);
        let services = &["iotdevicegateway"];
        let scope = Scope { region: "us-east-1", services, global: &[], now };
        let unverified = Unverified::read_upgrade(&parts, &scope)?;
        let credentials = Credentials {
            session_token: token.map(|token| Zeroizing::new(token.to_owned())),
            ..known(&unverified.key_query().scope)
        };
        unverified.verify_upgrade(&parts, Some(&credentials), now)
    }

    #[test]
    fn a_known_signature_is_accepted_and_a_changed_one_is_not() {
        let (without, expires) = (address("", WITHOUT), address("&X-Amz-Expires=86400", EXPIRES));
        assert_eq!(judge(&without, HOST_NAME, None, 0), Ok(()));
        assert_eq!(judge(&expires, HOST_NAME, None, 0), Ok(()));
        assert_eq!(judge(&without, &format!("{HOST_NAME}:443"), None, 0), Ok(()));
        for changed in [
            without.replace("171fa", "171fb"),
            without.replace("/mqtt?", "/mqtt2?"),
            format!("{without}&more=1"),
        ] {
            let refused = judge(&changed, HOST_NAME, None, 0);
            assert!(matches!(refused, Err(AuthError::Mismatch { .. })), "{changed} {refused:?}");
        }
        assert!(judge(&without, "other.example", None, 0).is_err());
        let other = without.replace("iotdevicegateway", "iot");
        assert!(matches!(judge(&other, HOST_NAME, None, 0), Err(AuthError::Service { .. })));
    }

    #[test]
    fn a_session_token_may_follow_the_signed_address() {
        let appended = format!("{}&X-Amz-Security-Token=to%2Fken", address("", WITHOUT));
        assert_eq!(judge(&appended, HOST_NAME, Some("to/ken"), 0), Ok(()));
        assert!(judge(&appended, HOST_NAME, Some("other"), 0).is_err());
        assert!(judge(&appended, HOST_NAME, None, 0).is_err());
        assert!(judge(&address("", WITHOUT), HOST_NAME, Some("to/ken"), 0).is_err());
    }

    #[test]
    fn an_upgrade_begins_in_its_time() {
        let (without, expires) = (address("", WITHOUT), address("&X-Amz-Expires=86400", EXPIRES));
        for (address, seconds, good) in [
            (&without, 300, true),
            (&without, 301, false),
            (&without, -300, true),
            (&without, -301, false),
            (&expires, 86_400, true),
            (&expires, 86_401, false),
        ] {
            assert_eq!(judge(address, HOST_NAME, None, seconds).is_ok(), good, "{seconds}");
        }
    }
}
