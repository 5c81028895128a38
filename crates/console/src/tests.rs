#![allow(clippy::unwrap_used, reason = "tests")]

use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use super::*;
use crate::files::all;

fn get(path: &str) -> Response<Bytes> {
    answer(&Method::GET, path, true)
}

fn header(response: &Response<Bytes>, name: impl http::header::AsHeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn every_path_of_a_page_is_the_index_and_is_asked_for_anew() {
    for path in ["/console/", "/console/things", "/console/things/a%2Fb", "/console/index.html"] {
        let response = get(path);
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&response, CACHE_CONTROL), "no-cache");
        assert!(response.body().starts_with(b"<!doctype html>"));
    }
    assert_eq!(header(&get("/console"), LOCATION), "/console/");
}

#[test]
fn hashed_files_never_change_and_others_may() {
    let mut hashed = 0;
    for file in all() {
        let response = get(&format!("/console/{}", file.name()));
        assert_eq!(response.status(), 200, "{}", file.name());
        let forever = header(&response, CACHE_CONTROL).contains("immutable");
        assert_eq!(forever, file.name().starts_with("assets/"), "{}", file.name());
        assert_ne!(header(&response, CONTENT_TYPE), "application/octet-stream", "{}", file.name());
        hashed += usize::from(forever);
    }
    assert!(hashed > 2, "the console is not built");
}

#[test]
fn who_takes_no_gzip_is_given_the_file_itself() {
    let file = all().iter().find(|file| file.is_compressed()).unwrap();
    let path = format!("/console/{}", file.name());
    let (small, plain) = (get(&path), answer(&Method::GET, &path, false));
    assert_eq!(header(&small, CONTENT_ENCODING), "gzip");
    assert_eq!(header(&plain, CONTENT_ENCODING), "");
    assert!(plain.body().len() > small.body().len());
    assert_eq!(get(&format!("{path}.gz")).status(), 404);
}

#[test]
fn nothing_is_found_outside_or_by_other_methods() {
    for path in [
        "/console/../Cargo.toml",
        "/console/..%2f..%2fetc/passwd",
        "/console/%2e%2e/Cargo.toml",
        "/console/a/%2E%2e/b",
        "/console/a/..",
        "/console/assets/nothing.js",
        "/console/assets/..%5cindex.html",
        "/console/a%00b",
        "/consoles",
    ] {
        let response = get(path);
        let is_index = response.body().starts_with(b"<!doctype");
        assert!(response.status() == 404 || is_index, "{path}: {}", response.status());
        if path.contains("/../") || path.contains("%2e%2e/") || path.contains("assets") {
            assert_eq!(response.status(), 404, "{path}");
        }
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert_eq!(answer(&method, "/console/", true).status(), 405, "{method}");
    }
}

#[test]
fn a_head_is_the_get_without_its_body() {
    let (head, get) = (answer(&Method::HEAD, "/console/", true), get("/console/"));
    assert_eq!(head.status(), 200);
    assert!(head.body().is_empty());
    assert_eq!(header(&head, CONTENT_LENGTH), get.body().len().to_string());
}

#[test]
fn every_answer_says_what_a_page_may_do() {
    for path in ["/console/", "/console", "/console/assets/nothing.js"] {
        let response = get(path);
        let policy = header(&response, CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header(&response, "x-frame-options"), "DENY");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    }
}
