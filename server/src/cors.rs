//! The CORS headers of each mode.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderName, HeaderValue},
};

use crate::config::Cors;

/// Response headers that scripts of another origin may read in permissive mode.
const EXPOSED: &str = "Date, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, \
                       X-RateLimit-Reset, X-Trace-Id, X-Process-Time, \
                       WWW-Authenticate, Location";

/// The original system behind a path, as far as its CORS goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Original {
    /// Sends no CORS header.
    Silent,
    /// Starlette's middleware with `*` and credentials.
    Star,
    /// aiohttp with a middleware of its own that comes too late for streams.
    Hive,
}

fn original(path: &str) -> Original {
    if path.starts_with("/v1/") || path.starts_with("/auth/") || path.starts_with("/stream/v1/") {
        Original::Star
    } else if path.starts_with("/api/sessions") && path != "/api/sessions/" {
        Original::Hive
    } else {
        Original::Silent
    }
}

/// The answer to a preflight, where the mode gives one.
pub(crate) fn preflight(
    mode: Cors,
    method: &Method,
    path: &str,
    request: &HeaderMap,
) -> Option<Response> {
    let asked = request.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if method != Method::OPTIONS {
        return None;
    }
    let origin = request.get(header::ORIGIN)?;
    let asked_headers = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    match (mode, original(path)) {
        (Cors::Permissive, _) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
            if let Some(asked) = asked_headers {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
            set(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
            set(
                headers,
                HeaderName::from_static("access-control-allow-private-network"),
                "true",
            );
        }
        (Cors::Faithful, Original::Star) => {
            set(
                headers,
                header::ACCESS_CONTROL_ALLOW_METHODS,
                "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
            );
            if let Some(asked) = asked_headers {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
            set(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            *response.status_mut() = StatusCode::OK;
            *response.body_mut() = Body::from("OK");
        }
        (Cors::Faithful, Original::Hive) if is_local(origin) => {
            set(
                headers,
                header::ACCESS_CONTROL_ALLOW_METHODS,
                "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            );
            set(
                headers,
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Content-Type",
            );
            set(headers, header::ACCESS_CONTROL_MAX_AGE, "3600");
        }
        (Cors::Faithful, Original::Hive) => {}
        (Cors::Faithful, Original::Silent) | (Cors::None, _) => return None,
    }
    Some(response)
}

/// Adds what the mode sends with a response. What the response already has stays.
pub(crate) fn decorate(mode: Cors, path: &str, request: &HeaderMap, response: &mut Response) {
    let origin = request.get(header::ORIGIN);
    let is_stream = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let headers = response.headers_mut();
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    match (mode, original(path)) {
        (Cors::Permissive, _) => {
            match origin {
                Some(origin) => {
                    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                    set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
                    headers.append(header::VARY, HeaderValue::from_static("Origin"));
                }
                None => set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            }
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        (Cors::Faithful, Original::Star) if origin.is_some() => {
            set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        (Cors::Faithful, Original::Hive) if !is_stream => {
            // The stream's head is on its way before the original's middleware gets to it.
            if let Some(origin) = origin.filter(|origin| is_local(origin)) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            }
        }
        _ => {}
    }
}

/// `http://localhost[:port]` or `http://127.0.0.1[:port]`.
fn is_local(origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    ["http://localhost", "http://127.0.0.1"].iter().any(|host| {
        origin
            .strip_prefix(host)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
