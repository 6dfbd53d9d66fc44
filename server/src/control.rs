//! The control API under `/_tidewire`.

use std::{fmt::Display, sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::Query,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use hyper::StatusCode;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    body::{Drip, Stall},
    config::Config,
    faults::Fault,
    namespace::{Namespace, Namespaces},
    requests::{ConnectionRecord, RequestRecord},
    script::Script,
    stream::Ending,
    systems::{self, Answer, System},
    token::{DEFAULT_TTL_S, TEST_USER},
};

/// Where the control API lives in every namespace.
pub(crate) const PREFIX: &str = "/_tidewire";

/// A control request that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlError {
    status: StatusCode,
    message: String,
}

impl ControlError {
    /// The field is wrong, and why.
    pub fn field(field: impl Display, why: impl Display) -> Self {
        Self::bad_request(format!("{field}: {why}"))
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    /// 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: message.into(),
        }
    }

    fn at_item(mut self, index: usize) -> Self {
        self.message = format!("[{index}].{}", self.message);
        self
    }
}

impl Display for ControlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ControlError {}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.message}))).into_response()
    }
}

/// A member that is a string, or absent, or null.
///
/// # Errors
/// When it is anything else.
pub(crate) fn text_field<'a>(
    item: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, ControlError> {
    match item.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(ControlError::field(
            name,
            format!("`{other}` is not a string"),
        )),
    }
}

/// A member that has to be a string.
///
/// # Errors
/// When it is missing or anything else.
pub(crate) fn required_text_field<'a>(
    item: &'a Map<String, Value>,
    name: &str,
) -> Result<&'a str, ControlError> {
    text_field(item, name)?.ok_or_else(|| ControlError::field(name, "is missing"))
}

/// What `publish` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PublishReport {
    /// How many items.
    pub published: usize,
    /// For each item the streams that it was queued for.
    pub receivers: Vec<usize>,
    /// For each item its id, where the system has ids.
    pub ids: Vec<Option<String>>,
}

/// Which responses a control request means; all of them when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Only those of requests for this path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only that of the request with this `seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

impl Target {
    /// Every open response.
    pub fn all() -> Self {
        Self::default()
    }

    /// The responses to requests for `path`.
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            id: None,
        }
    }

    /// The response to request number `seq`.
    pub fn id(seq: u64) -> Self {
        Self {
            path: None,
            id: Some(seq),
        }
    }

    fn fits(&self, connection: &ConnectionRecord) -> bool {
        self.path
            .as_ref()
            .is_none_or(|path| *path == connection.path)
            && self.id.is_none_or(|id| id == connection.id)
    }
}

/// Publishes one item or an array of them. Nothing after a wrong item is published.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    items: Value,
) -> Result<PublishReport, ControlError> {
    let (items, many) = match items {
        Value::Array(items) => (items, true),
        item => (vec![item], false),
    };
    let mut report = PublishReport {
        published: 0,
        receivers: Vec::with_capacity(items.len()),
        ids: Vec::with_capacity(items.len()),
    };
    for (index, item) in items.iter().enumerate() {
        let published = publish_one(namespace, item)
            .map_err(|error| if many { error.at_item(index) } else { error })?;
        report.published += 1;
        report.receivers.push(published.receivers);
        report.ids.push(published.id);
    }
    Ok(report)
}

fn publish_one(
    namespace: &Arc<Namespace>,
    item: &Value,
) -> Result<systems::Published, ControlError> {
    let Value::Object(item) = item else {
        return Err(ControlError::field("item", "is not an object"));
    };
    let system = System::from_name(required_text_field(item, "system")?)?;
    systems::publish(namespace, system, item)
}

/// Cuts the responses that `target` means, and says how many.
pub(crate) fn cut(
    namespace: &Namespace,
    target: &Target,
    ending: Ending,
    after_bytes: Option<u64>,
) -> usize {
    let mut cut = 0;
    for exchange in namespace.requests.open() {
        if target.fits(&exchange.connection()) {
            exchange.cut(ending, after_bytes);
            cut += 1;
        }
    }
    cut
}

/// Stalls or releases the responses that `target` means, and says how many.
pub(crate) fn stall(namespace: &Namespace, target: &Target, stall: Option<Stall>) -> usize {
    let mut touched = 0;
    for exchange in namespace.requests.open() {
        if target.fits(&exchange.connection()) {
            exchange.stall(stall);
            touched += 1;
        }
    }
    touched
}

/// Sends the responses that `target` means in pieces, or as they come, and says how many.
pub(crate) fn drip(namespace: &Namespace, target: &Target, drip: Option<Drip>) -> usize {
    let mut touched = 0;
    for exchange in namespace.requests.open() {
        if target.fits(&exchange.connection()) {
            exchange.drip(drip);
            touched += 1;
        }
    }
    touched
}

/// The responses under way.
pub(crate) fn connections(namespace: &Namespace) -> Vec<ConnectionRecord> {
    namespace
        .requests
        .open()
        .iter()
        .map(|exchange| exchange.connection())
        .collect()
}

pub(crate) fn router() -> Router {
    let api = Router::new()
        .route("/publish", post(post_publish))
        .route("/answer", post(post_answer))
        .route("/script", post(post_script).delete(delete_script))
        .route("/requests", get(get_requests).delete(delete_requests))
        .route("/connections", get(get_connections))
        .route("/connections/cut", post(post_cut))
        .route("/connections/stall", post(post_stall))
        .route("/connections/drip", post(post_drip))
        .route(
            "/faults",
            post(post_faults).get(get_faults).delete(delete_faults),
        )
        .route("/forget", post(post_forget))
        .route("/config", get(get_config).patch(patch_config))
        .route("/token", post(post_token))
        .route("/traffic", post(post_traffic).get(get_traffic))
        .route("/reset", post(post_reset));
    Router::new()
        .nest(PREFIX, api)
        .fallback(async || no_such_call(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || no_such_call(StatusCode::METHOD_NOT_ALLOWED))
}

fn no_such_call(status: StatusCode) -> ControlError {
    ControlError {
        status,
        message: "the control API has no such call".into(),
    }
}

type InNamespace = Extension<Arc<Namespace>>;
type Outcome<T> = Result<Json<T>, ControlError>;

async fn post_publish(Extension(namespace): InNamespace, body: Bytes) -> Outcome<PublishReport> {
    Ok(Json(publish(&namespace, parse(&body)?)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerForm {
    system: String,
    events: Vec<Value>,
    #[serde(default = "default_delay_ms")]
    delay_ms: u64,
}

async fn post_answer(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: AnswerForm = parse(&body)?;
    let events = form.events.len();
    let answer = Answer {
        events: form.events,
        delay: Duration::from_millis(form.delay_ms),
    };
    systems::answer(&namespace, System::from_name(&form.system)?, answer)?;
    Ok(Json(json!({"queued": events})))
}

async fn post_script(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let script: Script = parse(&body)?;
    let steps = script.steps.len();
    namespace.scripts.push(script)?;
    Ok(Json(json!({"steps": steps})))
}

async fn delete_script(Extension(namespace): InNamespace) -> Json<Value> {
    namespace.scripts.clear();
    Json(json!({}))
}

#[derive(Deserialize)]
struct RequestsQuery {
    path: Option<String>,
}

#[derive(Serialize)]
struct RequestsReport {
    requests: Vec<RequestRecord>,
}

async fn get_requests(
    Extension(namespace): InNamespace,
    Query(query): Query<RequestsQuery>,
) -> Json<RequestsReport> {
    Json(RequestsReport {
        requests: namespace.requests.records(query.path.as_deref()),
    })
}

async fn delete_requests(Extension(namespace): InNamespace) -> Json<Value> {
    namespace.requests.clear();
    Json(json!({}))
}

async fn get_connections(Extension(namespace): InNamespace) -> Json<Vec<ConnectionRecord>> {
    Json(connections(&namespace))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutForm {
    path: Option<String>,
    id: Option<u64>,
    #[serde(default = "default_how")]
    how: Ending,
    after_bytes: Option<u64>,
}

async fn post_cut(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: CutForm = parse(&body)?;
    let target = Target {
        path: form.path,
        id: form.id,
    };
    let count = cut(&namespace, &target, form.how, form.after_bytes);
    Ok(Json(json!({"cut": count})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StallForm {
    path: Option<String>,
    id: Option<u64>,
    #[serde(default = "yes")]
    stall: bool,
    #[serde(default)]
    after_bytes: u64,
    comments_ms: Option<u64>,
    for_ms: Option<u64>,
}

async fn post_stall(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: StallForm = parse(&body)?;
    let target = Target {
        path: form.path,
        id: form.id,
    };
    let held = form.stall.then_some(Stall {
        after: form.after_bytes,
        comments: form
            .comments_ms
            .map(|every| Duration::from_millis(every.max(1))),
        lasts: form.for_ms.map(Duration::from_millis),
    });
    let count = stall(&namespace, &target, held);
    Ok(Json(json!({"stalled": count})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DripForm {
    path: Option<String>,
    id: Option<u64>,
    /// As it comes when null.
    bytes: Option<usize>,
    #[serde(default)]
    every_ms: u64,
}

async fn post_drip(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: DripForm = parse(&body)?;
    let target = Target {
        path: form.path,
        id: form.id,
    };
    let pieces = form.bytes.map(|bytes| Drip {
        bytes: bytes.max(1),
        every: Duration::from_millis(form.every_ms),
    });
    let count = drip(&namespace, &target, pieces);
    Ok(Json(json!({"dripping": count})))
}

async fn post_faults(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    namespace.faults.arm(parse::<Fault>(&body)?)?;
    Ok(Json(json!({"armed": namespace.faults.armed().len()})))
}

async fn get_faults(Extension(namespace): InNamespace) -> Json<Vec<Fault>> {
    Json(namespace.faults.armed())
}

async fn delete_faults(Extension(namespace): InNamespace) -> Json<Value> {
    namespace.faults.clear();
    Json(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForgetForm {
    system: String,
    user: Option<String>,
    session: Option<String>,
    #[serde(default)]
    keep: usize,
}

async fn post_forget(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: ForgetForm = parse(&body)?;
    let system = System::from_name(&form.system)?;
    let (whose, other) = match system {
        System::Hive => (form.session, form.user.map(|_| "user")),
        _ => (form.user, form.session.map(|_| "session")),
    };
    if let Some(field) = other {
        let why = format!("`{}` has none", system.name());
        return Err(ControlError::field(field, why));
    }
    let gone = systems::forget(&namespace, system, whose.as_deref(), form.keep)?;
    Ok(Json(json!({"forgotten": gone})))
}

async fn get_config(Extension(namespace): InNamespace) -> Json<Config> {
    Json(namespace.config())
}

async fn patch_config(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Config> {
    Ok(Json(namespace.patch_config(parse(&body)?)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenForm {
    system: String,
    #[serde(default = "test_user")]
    user: String,
    #[serde(default = "default_ttl_s")]
    ttl_s: i64,
}

async fn post_token(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: TokenForm = parse(&body)?;
    let token = token(
        &namespace,
        System::from_name(&form.system)?,
        &form.user,
        form.ttl_s,
    )?;
    Ok(Json(json!({"token": token, "user": form.user})))
}

/// A token for a system that asks for one.
pub(crate) fn token(
    namespace: &Namespace,
    system: System,
    user: &str,
    ttl_s: i64,
) -> Result<String, ControlError> {
    if !matches!(system, System::Dashtam | System::Cortex) {
        let why = format!(
            "`{}` asks for no token; dashtam and cortex do",
            system.name()
        );
        return Err(ControlError::field("system", why));
    }
    namespace
        .token_secret()
        .issue(system, user, ttl_s)
        .map_err(|error| ControlError::field("token", error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrafficForm {
    on: bool,
    #[serde(default = "one")]
    rate: f64,
}

async fn post_traffic(Extension(namespace): InNamespace, body: Bytes) -> Outcome<Value> {
    let form: TrafficForm = parse(&body)?;
    set_traffic(&namespace, form.on.then_some(form.rate))?;
    Ok(get_traffic(Extension(namespace)).await)
}

async fn get_traffic(Extension(namespace): InNamespace) -> Json<Value> {
    let rate = namespace.traffic.rate();
    Json(json!({"on": rate.is_some(), "rate": rate}))
}

/// Switches live traffic on at that rate, or off.
pub(crate) fn set_traffic(
    namespace: &Arc<Namespace>,
    rate: Option<f64>,
) -> Result<(), ControlError> {
    match rate {
        None => namespace.traffic.stop(),
        Some(rate) if (0.001..=1_000.0).contains(&rate) => namespace.traffic.start(namespace, rate),
        Some(rate) => {
            return Err(ControlError::field(
                "rate",
                format!("{rate} is not in 0.001 to 1000"),
            ));
        }
    }
    Ok(())
}

async fn post_reset(
    Extension(namespace): InNamespace,
    Extension(namespaces): Extension<Arc<Namespaces>>,
) -> Json<Value> {
    namespaces.reset(namespace.name());
    Json(json!({}))
}

/// An empty body stands for an empty object.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    let body = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| ControlError::field(error.path().to_string(), error.inner()))?;
    json.end()
        .map_err(|error| ControlError::bad_request(error.to_string()))?;
    Ok(value)
}

fn default_delay_ms() -> u64 {
    5
}

fn default_how() -> Ending {
    Ending::Fin
}

fn yes() -> bool {
    true
}

fn test_user() -> String {
    TEST_USER.into()
}

fn default_ttl_s() -> i64 {
    DEFAULT_TTL_S
}

fn one() -> f64 {
    1.0
}
