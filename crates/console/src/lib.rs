//! The console: pages in a browser for the people who run a fleet. What is here is what is served
//! at `/console/`: files that `console/` is built into, and the headers that keep them safe. The pages
//! speak the control plane's API with the rights of whoever signed in; there is no other door.

mod files;
mod headers;

use bytes::Bytes;
use files::{Found, find};
use http::header::{ALLOW, CONTENT_LENGTH, LOCATION};
use http::{HeaderValue, Method, Response, StatusCode};

/// Where the console is.
pub const PATH: &str = "/console";

/// Answers a request whose path is [`PATH`] or below it. `path` is as it was sent, percent-encoded;
/// `gzip` says that the client takes gzip.
///
/// A path without a file is a page of the console, and pages are all one file: that is how links
/// lead to them. Files are not found by anything but their exact names, so there is nothing to climb
/// out of.
pub fn answer(method: &Method, path: &str, gzip: bool) -> Response<Bytes> {
    if method != Method::GET && method != Method::HEAD {
        let mut refused =
            plain(StatusCode::METHOD_NOT_ALLOWED, "The console is read: GET or HEAD.");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let mut response = match path.strip_prefix(PATH) {
        // Relative links need the slash.
        Some("") => moved(),
        Some(below) => match below.strip_prefix('/').map(find) {
            Some(Found::File(file)) => headers::file(file, gzip),
            Some(Found::Page) => headers::file(files::index(), gzip),
            Some(Found::Nothing) | None => plain(StatusCode::NOT_FOUND, "No such file."),
        },
        None => plain(StatusCode::NOT_FOUND, "No such file."),
    };
    if method == Method::HEAD {
        let length = response.body().len();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        *response.body_mut() = Bytes::new();
    }
    response
}

fn moved() -> Response<Bytes> {
    let mut response = plain(StatusCode::PERMANENT_REDIRECT, "/console/");
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/console/"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    headers::secure(response.headers_mut(), "text/plain; charset=utf-8");
    response
}

#[cfg(test)]
mod tests;
