//! Who gets in: the bearer token and the connect rate limit, with their problem documents.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::PATH;
use crate::{
    config::{DashtamConfig, RateLimit},
    namespace::Namespace,
    token::TEST_USER,
};

/// The response that says no.
pub(super) type Refusal = Box<Response>;

/// Users whose buckets are remembered; a server of tests meets few.
const MAX_BUCKETS: usize = 10_000;

/// The user that the bearer token names.
///
/// # Errors
/// The 401 that the service answers.
pub(super) fn user(
    namespace: &Namespace,
    config: &DashtamConfig,
    headers: &HeaderMap,
) -> Result<String, Refusal> {
    let Some(token) = bearer(headers) else {
        if !config.require_auth {
            return Ok(TEST_USER.into());
        }
        return Err(unauthorized("Not authenticated"));
    };
    let claims = namespace
        .token_secret()
        .verify(token)
        .map_err(|_| unauthorized("Invalid token"))?;
    let user = claims.get("sub").and_then(Value::as_str);
    let user = user.and_then(|user| user.parse::<Uuid>().ok());
    let email = claims.get("email").and_then(Value::as_str);
    match user.zip(email) {
        Some((user, _)) => Ok(user.to_string()),
        None => Err(unauthorized("Invalid token payload")),
    }
}

/// The connects that each user has left.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    by_user: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    /// Takes one connect from the bucket of the user, or of all that name none.
    ///
    /// # Errors
    /// The 429 that the service answers.
    pub(super) fn admit(
        &self,
        config: &DashtamConfig,
        headers: &HeaderMap,
    ) -> Result<Limit, Refusal> {
        let Some(limit) = config.rate_limit else {
            return Ok(Limit(None));
        };
        let user = bearer(headers)
            .and_then(unverified_subject)
            .unwrap_or_default();
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        if by_user.len() >= MAX_BUCKETS {
            by_user.clear();
        }
        let now = Instant::now();
        let bucket = by_user.entry(user).or_insert(Bucket {
            tokens: f64::from(limit.capacity),
            at: now,
        });
        bucket.take(limit, now)
    }
}

impl Bucket {
    fn take(&mut self, limit: RateLimit, now: Instant) -> Result<Limit, Refusal> {
        let capacity = f64::from(limit.capacity);
        let per_second = limit.refill_per_min.max(f64::MIN_POSITIVE) / 60.0;
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * per_second).min(capacity);
        self.at = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        let headers = LimitHeaders {
            limit: limit.capacity,
            remaining: self.tokens as u64,
            reset: ((capacity - self.tokens) / per_second).ceil() as u64,
        };
        if admitted {
            return Ok(Limit(Some(headers)));
        }
        let wait = ((1.0 - self.tokens) / per_second).ceil() as u64;
        Err(too_many(wait, headers))
    }
}

/// The rate-limit headers of an admitted request; none when nothing is limited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(Option<LimitHeaders>);

#[derive(Clone, Copy, Debug)]
struct LimitHeaders {
    limit: u32,
    remaining: u64,
    /// Seconds until the bucket is full.
    reset: u64,
}

impl Limit {
    pub(super) fn write_to(self, headers: &mut HeaderMap) {
        if let Some(limit) = self.0 {
            headers.insert("x-ratelimit-limit", limit.limit.into());
            headers.insert("x-ratelimit-remaining", limit.remaining.into());
            headers.insert("x-ratelimit-reset", limit.reset.into());
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The limiter reads the user from the token as it stands, before anybody checks it.
fn unverified_subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("sub")?.as_str().map(Into::into)
}

fn unauthorized(detail: &str) -> Refusal {
    let problem = json!({
        "type": "https://dashtam.local/errors/unauthorized",
        "title": "Authentication Required",
        "status": 401,
        "detail": detail,
        "instance": PATH,
    });
    let mut response = problem_response(StatusCode::UNAUTHORIZED, &problem);
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    Box::new(response)
}

fn too_many(wait: u64, limit: LimitHeaders) -> Refusal {
    let problem = json!({
        "type": "https://dashtam.local/errors/rate-limit-exceeded",
        "title": "Rate Limit Exceeded",
        "status": 429,
        "detail": format!("Too many requests. Please try again in {wait} seconds."),
        "instance": PATH,
        "retry_after": wait,
    });
    let mut response = problem_response(StatusCode::TOO_MANY_REQUESTS, &problem);
    response.headers_mut().insert(RETRY_AFTER, wait.into());
    Limit(Some(limit)).write_to(response.headers_mut());
    Box::new(response)
}

/// The service sends its problems as plain JSON.
fn problem_response(status: StatusCode, problem: &Value) -> Response {
    (
        status,
        [(CONTENT_TYPE, "application/json")],
        problem.to_string(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ten_connect_at_once_and_then_one_each_twelve_seconds() {
        let limit = RateLimit::default();
        let start = Instant::now();
        let mut bucket = Bucket {
            tokens: 10.0,
            at: start,
        };
        for _ in 0..10 {
            assert!(bucket.take(limit, start).is_ok());
        }
        let refused = bucket.take(limit, start).unwrap_err();
        assert_eq!(refused.headers()["retry-after"], "12");
        assert!(bucket.take(limit, start + Duration::from_secs(11)).is_err());
        assert!(bucket.take(limit, start + Duration::from_secs(13)).is_ok());
        assert!(bucket.take(limit, start + Duration::from_secs(14)).is_err());
    }
}
