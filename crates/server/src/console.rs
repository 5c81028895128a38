//! The console at the API's address.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use fleetwright_console::{PATH, answer};
use http::header::ACCEPT_ENCODING;

/// `/console` and everything below it.
pub(crate) fn router() -> Router {
    Router::new()
        .route(PATH, any(serve))
        .route(&format!("{PATH}/"), any(serve))
        .route(&format!("{PATH}/{{*path}}"), any(serve))
}

async fn serve(request: Request) -> Response {
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let gzip = accepted.is_some_and(takes_gzip);
    answer(request.method(), request.uri().path(), gzip).map(Body::from)
}

/// Whether `Accept-Encoding` has gzip, and not with the weight zero.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| matches!(name, "gzip" | "*"));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        named && weight.and_then(|weight| weight.parse::<f32>().ok()).is_none_or(|it| it > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        for accepted in ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*"] {
            assert!(takes_gzip(accepted), "{accepted}");
        }
        for refused in ["", "br", "identity", "gzip;q=0", "deflate, gzip; q=0.0"] {
            assert!(!takes_gzip(refused), "{refused}");
        }
    }
}
