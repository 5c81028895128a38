//! The request of an upgrade to WebSocket, and its answer. RFC 6455, section 4.2.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use crate::HttpsResponse;

/// What is hashed with the key. (RFC 6455, section 1.3)
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The version of the protocol. (RFC 6455, section 4.1)
const VERSION: &str = "13";
/// Bytes of a key. (the same)
const KEY_BYTES: usize = 16;
/// Subprotocols of MQTT: that of the standard, and that of the time before it. (MQTT 5, section 6)
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

/// What is agreed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    accept: String,
    subprotocol: &'static str,
}

/// Why a request cannot be upgraded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Reads the request.
///
/// # Errors
/// It is none of an upgrade, or without the subprotocol of MQTT.
pub(super) fn read(parts: &Parts) -> Result<Agreed, Refused> {
    let bad = |message: &str| Refused::new(StatusCode::BAD_REQUEST, message);
    if parts.method != Method::GET {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "The method of this path is GET"));
    }
    if !has(&parts.headers, &UPGRADE, "websocket") || !has(&parts.headers, &CONNECTION, "upgrade") {
        return Err(bad("This path is for MQTT over WebSocket: the request asks for no upgrade"));
    }
    if !has(&parts.headers, &SEC_WEBSOCKET_VERSION, VERSION) {
        let status = StatusCode::UPGRADE_REQUIRED;
        return Err(Refused::new(status, "The version of WebSocket is 13"));
    }
    let key = parts.headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).ok().is_none_or(|key| key.len() != KEY_BYTES) {
        return Err(bad("Sec-WebSocket-Key is not 16 bytes in Base64"));
    }
    let subprotocol = SUBPROTOCOLS.iter().find(|name| {
        values(&parts.headers, &SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == **name)
    });
    let Some(subprotocol) = subprotocol else {
        return Err(bad("The subprotocol is mqtt: Sec-WebSocket-Protocol does not offer it"));
    };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat());
    Ok(Agreed { accept: STANDARD.encode(hash), subprotocol })
}

impl Agreed {
    /// 101.
    pub(super) fn response(&self) -> HttpsResponse {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.subprotocol));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }
}

impl Refused {
    /// In the form of the gateway's other errors.
    pub(super) fn response(&self, request_id: &str) -> HttpsResponse {
        let body = serde_json::json!({"message": self.message, "traceId": request_id});
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        }
        response
    }
}

/// Whether a header lists a word, in any case.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    values(headers, name).any(|value| value.eq_ignore_ascii_case(word))
}

/// What headers of a name list.
fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let texts = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(change: impl FnOnce(&mut Request<()>)) -> Result<Agreed, StatusCode> {
        let mut request = Request::get("/mqtt")
            .header(CONNECTION, "keep-alive, Upgrade")
            .header(UPGRADE, "WebSocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .header(SEC_WEBSOCKET_PROTOCOL, "other, mqtt")
            .body(())
            .unwrap();
        change(&mut request);
        read(&request.into_parts().0).map_err(|refused| refused.status)
    }

    #[test]
    fn an_upgrade_is_agreed_on_as_in_the_standards_example() {
        let agreed = request(|_| {}).unwrap();
        assert_eq!(agreed.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(agreed.subprotocol, "mqtt");
        assert_eq!(agreed.response().status(), 101);
        let old = request(|request| {
            let header = HeaderValue::from_static("mqttv3.1");
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, header);
        });
        assert_eq!(old.unwrap().subprotocol, "mqttv3.1");
    }

    #[test]
    fn what_is_no_upgrade_of_mqtts_is_refused() {
        for (name, value, status) in [
            (CONNECTION, Some("keep-alive"), 400),
            (UPGRADE, None, 400),
            (UPGRADE, Some("h2c"), 400),
            (SEC_WEBSOCKET_VERSION, Some("8"), 426),
            (SEC_WEBSOCKET_KEY, None, 400),
            (SEC_WEBSOCKET_KEY, Some("c2hvcnQ="), 400),
            (SEC_WEBSOCKET_PROTOCOL, None, 400),
            (SEC_WEBSOCKET_PROTOCOL, Some("MQTT, wamp"), 400),
        ] {
            let refused = request(|request| {
                request.headers_mut().remove(&name);
                if let Some(value) = value {
                    let value = HeaderValue::from_static(value);
                    request.headers_mut().insert(name.clone(), value);
                }
            });
            assert_eq!(refused.unwrap_err().as_u16(), status, "{name} {value:?}");
        }
        let post = request(|request| *request.method_mut() = Method::POST);
        assert_eq!(post.unwrap_err(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
