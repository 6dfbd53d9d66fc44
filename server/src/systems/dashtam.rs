//! Dashtam: a bank dashboard's stream, `GET /api/v1/events`.
//!
//! One user's events and the broadcasts, filtered by category, resumed by id.

mod door;
mod feed;
mod traffic;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::RawQuery,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidewire::{
    profiles::dashtam::{Category, category_of},
    wire::{Event, LineEnding},
};
use uuid::Uuid;

use crate::{
    config::{CategoriesForm, CursorPlace, DashtamConfig},
    control::ControlError,
    namespace::Namespace,
    python_json::{self, Style},
    stream::{Ending, EventSender, EventStream, Limits},
    systems::{Published, System, stock::get_alone},
    token::TEST_USER,
};

pub(crate) use traffic::traffic;

/// The one path that is rate-limited, and the `instance` of its problems.
const PATH: &str = "/api/v1/events";

/// The query parameter and the header that carry the cursor.
const CURSOR: &str = "Last-Event-ID";

/// What Dashtam remembers in one namespace.
#[derive(Debug, Default)]
pub(crate) struct State {
    feeds: feed::Feeds,
    buckets: door::Buckets,
}

/// `GET /api/v1/events`.
pub(crate) fn router() -> Router {
    Router::new().route(PATH, get(events).head(refused).fallback(refused))
}

async fn events(
    Extension(namespace): Extension<Arc<Namespace>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let config = namespace.config().dashtam;
    // The rate limiter is the outermost: what it refuses gets no trace id.
    let limit = match namespace.dashtam.buckets.admit(&config, &headers) {
        Ok(limit) => limit,
        Err(refusal) => return *refusal,
    };
    let mut response = match door::user(&namespace, &config, &headers) {
        Ok(user) => stream(
            &namespace,
            &config,
            user,
            &query.unwrap_or_default(),
            &headers,
        ),
        Err(refusal) => *refusal,
    };
    trace(&headers, &mut response);
    limit.write_to(response.headers_mut());
    response
}

/// Another method: only GET has a rate limit, and only GET streams.
async fn refused(headers: HeaderMap) -> Response {
    let mut response = get_alone().await;
    trace(&headers, &mut response);
    response
}

/// Marks the answer with the request's trace id, or a new one.
fn trace(headers: &HeaderMap, response: &mut Response) {
    let trace = headers.get("x-trace-id").cloned().or_else(|| {
        let trace = Uuid::now_v7().to_string();
        trace.parse().ok()
    });
    if let Some(trace) = trace {
        response.headers_mut().insert("x-trace-id", trace);
    }
}

fn stream(
    namespace: &Arc<Namespace>,
    config: &DashtamConfig,
    user: String,
    query: &str,
    headers: &HeaderMap,
) -> Response {
    let request = StreamQuery::read(query, headers, config);
    let (sender, stream) = EventStream::open(namespace, System::Dashtam, Limits::default());
    // A stream that was opened a moment ago takes its first frame.
    let _ = sender.send(format!("retry: {}\n\n", config.retry_ms));
    match request.mask {
        Some(mask) => start(namespace, config, user, mask, request.cursor, sender),
        // The service looks at the categories only inside of the running stream, and fails there.
        None => sender.finish(Ending::Fin),
    }
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
    ];
    (
        StatusCode::OK,
        headers,
        [("x-accel-buffering", "no")],
        stream,
    )
        .into_response()
}

/// Replays, then subscribes.
fn start(
    namespace: &Arc<Namespace>,
    config: &DashtamConfig,
    user: String,
    mask: feed::Mask,
    cursor: Option<Uuid>,
    sender: EventSender,
) {
    if let Some(every) = config.heartbeat_ms {
        tokio::spawn(beat(sender.clone(), Duration::from_millis(every.max(1))));
    }
    let feeds = &namespace.dashtam.feeds;
    let cursor = cursor.filter(|_| config.retention);
    let gap = Duration::from_millis(config.replay_gap_ms);
    let Some(cursor) = cursor.filter(|_| !config.seamless && !gap.is_zero()) else {
        // At once: who has seen the response's head misses nothing that is published from then on.
        feeds.subscribe(user, mask, cursor, sender);
        return;
    };
    feeds.replay(&user, mask, cursor, &sender);
    let namespace = Arc::clone(namespace);
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(gap) => {
                namespace.dashtam.feeds.subscribe(user, mask, None, sender);
            }
            () = sender.gone() => {}
        }
    });
}

/// The documented heartbeat, which the service never sends.
async fn beat(sender: EventSender, every: Duration) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = sender.gone() => return,
        }
        if sender.send_or_cut(":heartbeat\n\n").is_err() {
            return;
        }
    }
}

/// What the query asks for.
#[derive(Debug, PartialEq, Eq)]
struct StreamQuery {
    /// None when a category is none.
    mask: Option<feed::Mask>,
    cursor: Option<Uuid>,
}

impl StreamQuery {
    fn read(query: &str, headers: &HeaderMap, config: &DashtamConfig) -> Self {
        let mut names: Option<Vec<String>> = None;
        let mut cursor = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name == "categories" {
                let names = names.get_or_insert_default();
                match config.categories {
                    CategoriesForm::Documented => {
                        names.extend(value.split(',').map(|name| name.trim().to_owned()));
                    }
                    CategoriesForm::Service => names.push(value.into_owned()),
                }
            } else if name == CURSOR {
                cursor = Some(value.into_owned());
            }
        }
        if config.cursor == CursorPlace::QueryAndHeader && cursor.is_none() {
            let header = headers.get(CURSOR).and_then(|cursor| cursor.to_str().ok());
            cursor = header.map(Into::into);
        }
        Self {
            mask: match names {
                None => Some(feed::Mask::ALL),
                Some(names) => feed::Mask::of(&names),
            },
            // A malformed one is ignored.
            cursor: cursor.and_then(|cursor| cursor.parse().ok()),
        }
    }
}

/// Forgets what is kept for `user`, the test user unless it is said, but for the newest `keep`
/// events. Returns how many are gone.
pub(crate) fn forget(namespace: &Namespace, user: Option<&str>, keep: usize) -> usize {
    let feeds = &namespace.dashtam.feeds;
    feeds.forget(user.unwrap_or(TEST_USER), keep)
}

/// One item of the control API's `publish`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(rename = "system")]
    _system: String,
    event: String,
    #[serde(default = "no_data")]
    data: Value,
    user: Option<String>,
    id: Option<String>,
    #[serde(default)]
    broadcast: bool,
    #[serde(default = "retained")]
    retain: bool,
    /// The category of a name that the table does not have.
    category: Option<String>,
}

/// Publishes `{"event": …, "data": {…}, "user": …, "id": …, "broadcast": …, "retain": …}`.
///
/// An event that Dashtam does not know needs a `category` to pass a filter.
///
/// # Errors
/// Names the wrong field.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    let item: Item = serde_path_to_error::deserialize(Value::Object(item.clone()))
        .map_err(|error| ControlError::field(error.path().to_string(), error.inner()))?;
    let category = match item.category {
        Some(name) => Some(
            name.parse::<Category>()
                .map_err(|error| ControlError::field("category", error))?,
        ),
        None => category_of(&item.event).ok(),
    };
    let id = item.id.unwrap_or_else(|| Uuid::now_v7().to_string());
    let data = python_json::to_string(&item.data, Style::Spaced { ascii: true });
    let mut frame = Vec::with_capacity(data.len() + 128);
    Event {
        id: Some(&id),
        event: Some(&item.event),
        retry: None,
        data: Some(&data),
    }
    .encode(LineEnding::Lf, &mut frame)
    .map_err(|error| ControlError::field(error.field, error))?;
    let config = namespace.config().dashtam;
    let entry = feed::Entry {
        id: id.clone(),
        category,
        frame: Bytes::from(frame),
    };
    let feeds = &namespace.dashtam.feeds;
    let receivers = if item.broadcast {
        // The service does not keep these, so that they are no cursors.
        feeds.broadcast(&entry)
    } else {
        let user = item.user.unwrap_or_else(|| TEST_USER.into());
        let retention = (config.retention && item.retain).then_some(feed::Retention {
            max: config.retention_max,
            ttl: Duration::from_millis(config.retention_ttl_ms),
        });
        feeds.publish(&user, entry, retention)
    };
    Ok(Published {
        receivers,
        id: Some(id),
    })
}

fn no_data() -> Value {
    Value::Object(Map::new())
}

fn retained() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(query: &str, form: CategoriesForm) -> Option<feed::Mask> {
        let config = DashtamConfig {
            categories: form,
            ..DashtamConfig::default()
        };
        StreamQuery::read(query, &HeaderMap::new(), &config).mask
    }

    #[test]
    fn a_comma_list_and_repeated_keys_mean_the_same_in_the_documents() {
        use CategoriesForm::Documented;
        let both = feed::Mask::of(&["data_sync".into(), "ai".into()]);
        assert!(both.is_some());
        assert_eq!(mask("categories=data_sync,ai", Documented), both);
        assert_eq!(mask("categories=data_sync%2Cai", Documented), both);
        assert_eq!(mask("categories=data_sync&categories=ai", Documented), both);
    }

    #[test]
    fn the_service_takes_repeated_keys_alone() {
        use CategoriesForm::Service;
        assert_eq!(mask("categories=data_sync,ai", Service), None);
        assert!(mask("categories=data_sync&categories=ai", Service).is_some());
        assert_eq!(mask("", Service), Some(feed::Mask::ALL));
    }

    #[test]
    fn an_unknown_or_empty_category_is_wrong_in_both_forms() {
        for form in [CategoriesForm::Documented, CategoriesForm::Service] {
            assert_eq!(mask("categories=sync", form), None);
            assert_eq!(mask("categories=", form), None);
        }
    }

    #[test]
    fn the_header_is_a_cursor_only_where_that_is_switched_on() {
        let id = "019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70";
        let mut headers = HeaderMap::new();
        headers.insert("last-event-id", id.parse().unwrap());
        let mut config = DashtamConfig::default();
        assert_eq!(StreamQuery::read("", &headers, &config).cursor, None);
        config.cursor = CursorPlace::QueryAndHeader;
        let cursor = StreamQuery::read("", &headers, &config).cursor;
        assert_eq!(cursor.map(|cursor| cursor.to_string()), Some(id.into()));
        let malformed = StreamQuery::read("Last-Event-ID=42", &headers, &config);
        assert_eq!(malformed.cursor, None);
    }
}
