//! From a request to its namespace, script, system or file.

use std::{convert::Infallible, path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::DefaultBodyLimit,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Incoming,
    header::{self, HeaderValue},
};
use serde_json::json;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::{
    body::ControlledBody,
    config::Cors,
    control, cors, faults,
    namespace::{DEFAULT_NAMESPACE, Namespace, Namespaces},
    requests::Exchange,
    script,
    socket::SocketControl,
    systems,
};

/// Longest request body, in bytes.
const MAX_REQUEST_BODY: usize = 16 << 20;

/// A directory of files under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StaticMount {
    /// `/`, or `/pkg` without a slash at its end.
    pub(crate) mount: String,
    pub(crate) directory: PathBuf,
}

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) namespaces: Arc<Namespaces>,
    systems: Router,
    control: Router,
    mounts: Vec<StaticMount>,
}

/// A request's place: its namespace and the path inside of it.
struct Place {
    namespace: String,
    /// `/ns/<name>`, or nothing.
    prefix: String,
    path: String,
}

impl Dispatch {
    pub(crate) fn new(namespaces: Arc<Namespaces>, mut mounts: Vec<StaticMount>) -> Self {
        // The longest mount is asked first.
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.mount.len()));
        Self {
            namespaces,
            // Bodies are read, and bounded, before they get to a router.
            systems: systems::router()
                .fallback(unrouted)
                .layer(DefaultBodyLimit::disable()),
            control: control::router().layer(DefaultBodyLimit::disable()),
            mounts,
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        socket: &Arc<SocketControl>,
    ) -> Result<hyper::Response<Answered>, Infallible> {
        let place = Place::of(&request);
        let namespace = match self.namespaces.open(&place.namespace) {
            Ok(namespace) => namespace,
            Err(error) => return Ok(uncontrolled(error.into_response())),
        };
        if place.path == control::PREFIX || place.path.starts_with("/_tidewire/") {
            return Ok(uncontrolled(self.control(request, &place, namespace).await));
        }
        let (mut parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let open = namespace.requests.begin(
            &parts.method,
            &place.path,
            &query,
            &parts.headers,
            Arc::clone(socket),
        );
        let exchange = Arc::clone(open.exchange());
        let body = match read(body).await {
            Ok(body) => body,
            Err(ReadError::TooLong) => return Ok(controlled(open, too_long())),
            Err(ReadError::BrokenOff) => {
                // Settled as left by the client; nobody reads what is answered.
                drop(open);
                return Ok(uncontrolled(StatusCode::BAD_REQUEST.into_response()));
            }
        };
        namespace.requests.set_body(&exchange, &body);

        let mode = namespace.config().cors;
        let head = parts.headers.clone();
        if let Some(mut response) = cors::preflight(mode, &parts.method, &place.path, &head) {
            cors::decorate(mode, &place.path, &head, &mut response);
            return Ok(controlled(open, response));
        }
        let mut response = if let Some(steps) = namespace.scripts.take(&parts.method, &place.path) {
            script::play(steps, &exchange).await
        } else if let Some(response) =
            faulty(&namespace, &parts.method, &place.path, &exchange).await
        {
            response
        } else {
            let method = parts.method.clone();
            parts.uri = place.uri(&query);
            parts.extensions.insert(Arc::clone(&namespace));
            let request = Request::from_parts(parts, Body::from(body));
            let response = route(self.systems.clone(), request).await;
            if response.extensions().get::<Unrouted>().is_some() {
                match self.file(&method, &place, &query).await {
                    Some(response) => {
                        namespace.requests.forget(exchange.seq());
                        response
                    }
                    None => response,
                }
            } else {
                response
            }
        };
        cors::decorate(mode, &place.path, &head, &mut response);
        Ok(controlled(open, response))
    }

    async fn control(
        &self,
        request: Request<Incoming>,
        place: &Place,
        namespace: Arc<Namespace>,
    ) -> Response {
        let (mut parts, body) = request.into_parts();
        let head = parts.headers.clone();
        // Tests in a browser steer from any origin, whatever the systems' CORS mode is.
        let mut response =
            match cors::preflight(Cors::Permissive, &parts.method, &place.path, &head) {
                Some(response) => response,
                None => match read(body).await {
                    Ok(body) => {
                        parts.uri = place.uri(parts.uri.query().unwrap_or_default());
                        parts.extensions.insert(namespace);
                        parts.extensions.insert(Arc::clone(&self.namespaces));
                        let request = Request::from_parts(parts, Body::from(body));
                        route(self.control.clone(), request).await
                    }
                    Err(ReadError::TooLong) => too_long(),
                    Err(ReadError::BrokenOff) => StatusCode::BAD_REQUEST.into_response(),
                },
            };
        cors::decorate(Cors::Permissive, &place.path, &head, &mut response);
        response
    }

    /// The file at that path, if a mount has it.
    async fn file(&self, method: &Method, place: &Place, query: &str) -> Option<Response> {
        if method != Method::GET && method != Method::HEAD {
            return None;
        }
        for mount in &self.mounts {
            let rest = if mount.mount == "/" {
                place.path.as_str()
            } else {
                match place.path.strip_prefix(&mount.mount) {
                    Some("") => "/",
                    Some(rest) if rest.starts_with('/') => rest,
                    _ => continue,
                }
            };
            let uri = uri_of(rest, query);
            let mut request = Request::new(Body::empty());
            *request.method_mut() = method.clone();
            *request.uri_mut() = uri;
            // ServeDir answers errors of the file system itself.
            let Ok(response) = ServeDir::new(&mount.directory).oneshot(request).await;
            let mut response = response.map(Body::new);
            if response.status() == StatusCode::NOT_FOUND {
                continue;
            }
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            // The type of .mjs that the standard has made obsolete.
            if headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind == "application/javascript")
            {
                let kind = HeaderValue::from_static("text/javascript");
                headers.insert(header::CONTENT_TYPE, kind);
            }
            // A directory without its slash is redirected, and ServeDir knows nothing of the mount.
            if let Some(location) = headers
                .get(header::LOCATION)
                .and_then(|at| at.to_str().ok())
            {
                let mount = mount.mount.trim_end_matches('/');
                let whole = format!("{}{mount}{location}", place.prefix);
                if let Ok(whole) = HeaderValue::from_str(&whole) {
                    headers.insert(header::LOCATION, whole);
                }
            }
            return Some(response);
        }
        None
    }
}

impl Place {
    /// A path prefix goes before the host's name.
    fn of(request: &Request<Incoming>) -> Self {
        let path = request.uri().path();
        if let Some(rest) = path.strip_prefix("/ns/") {
            let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
            return Self {
                namespace: name.into(),
                prefix: format!("/ns/{name}"),
                path: format!("/{path}"),
            };
        }
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| request.uri().host())
            .unwrap_or_default();
        let host = host.split_once(':').map_or(host, |(name, _)| name);
        Self {
            namespace: host
                .strip_suffix(".localhost")
                .unwrap_or(DEFAULT_NAMESPACE)
                .into(),
            prefix: String::new(),
            path: path.into(),
        }
    }

    fn uri(&self, query: &str) -> Uri {
        uri_of(&self.path, query)
    }
}

fn uri_of(path: &str, query: &str) -> Uri {
    let text = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    // The parts of a URI that was parsed once are a URI again.
    text.parse().unwrap_or_default()
}

/// The answer in place of the system's, where a fault gives one. Other faults meet the body later.
async fn faulty(
    namespace: &Namespace,
    method: &Method,
    path: &str,
    exchange: &Arc<Exchange>,
) -> Option<Response> {
    if !faults::can_meet(method) {
        return None;
    }
    let chaos = namespace.config().chaos;
    for fault in namespace.faults.take(path, chaos.as_ref()) {
        if let Some(response) = faults::meet(fault, exchange).await {
            return Some(response);
        }
    }
    None
}

/// Marks the answer to a path that no system has.
#[derive(Clone, Copy)]
struct Unrouted;

async fn unrouted() -> Response {
    let mut response =
        (StatusCode::NOT_FOUND, Json(json!({"detail": "Not Found"}))).into_response();
    response.extensions_mut().insert(Unrouted);
    response
}

async fn route(router: Router, request: Request<Body>) -> Response {
    let Ok(response) = router.oneshot(request).await;
    response
}

/// Why a request's body could not be read.
enum ReadError {
    TooLong,
    BrokenOff,
}

async fn read(body: Incoming) -> Result<Bytes, ReadError> {
    match Limited::new(body, MAX_REQUEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ReadError::TooLong),
        Err(_) => Err(ReadError::BrokenOff),
    }
}

fn too_long() -> Response {
    let error = json!({"detail": "the body is longer than 16 MiB"});
    (StatusCode::PAYLOAD_TOO_LARGE, Json(error)).into_response()
}

/// A response's body, with or without an entry in the log.
pub(crate) type Answered = http_body_util::Either<ControlledBody, Body>;

fn controlled(
    open: crate::requests::OpenExchange,
    response: Response,
) -> hyper::Response<Answered> {
    if let Some(link) = response.extensions().get::<crate::stream::StreamLink>() {
        link.connect(Arc::clone(open.exchange()));
    }
    let status = response.status().as_u16();
    response.map(|body| http_body_util::Either::Left(open.respond(status, body)))
}

fn uncontrolled(response: Response) -> hyper::Response<Answered> {
    response.map(http_body_util::Either::Right)
}
