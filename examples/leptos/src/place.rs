//! Where the servers are: in namespaces of the test server, so that pages do not meet.

use gloo_net::http::{Method, RequestBuilder};
use serde_json::{Value, json};

/// The namespaces of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    prefix: String,
    has_traffic: bool,
}

impl Place {
    /// Namespaces that begin with this, with live traffic or without.
    pub fn new(prefix: impl Into<String>, has_traffic: bool) -> Self {
        Place {
            prefix: prefix.into(),
            has_traffic,
        }
    }

    /// As the page's address says: `?ns=mine` gives it namespaces of its own, `traffic=off` leaves
    /// them quiet.
    pub fn of_page() -> Self {
        let search = leptos::prelude::window().location().search();
        let search = search.unwrap_or_default();
        let parameter = |wanted: &str| {
            let mut pairs = search.trim_start_matches('?').split('&');
            pairs.find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == wanted))
        };
        let prefix = parameter("ns").map_or("leptos", |(_, value)| value);
        let is_quiet = parameter("traffic").is_some_and(|(_, value)| value == "off");
        Place::new(prefix, !is_quiet)
    }

    /// What the paths of one server are to be appended to.
    pub(crate) fn base(&self, name: &str) -> String {
        format!("/ns/{}-{name}", self.prefix)
    }

    /// Has a server produce live traffic, unless the page is to be quiet, and leave connecting
    /// unlimited: people like to click.
    pub(crate) async fn prepare(self, name: &'static str) {
        let control = format!("{}/_tidewire", self.base(name));
        let unlimited = json!({ "dashtam": { "rate_limit": null } });
        call(Method::PATCH, &format!("{control}/config"), &unlimited).await;
        if self.has_traffic {
            let on = json!({ "on": true });
            call(Method::POST, &format!("{control}/traffic"), &on).await;
        }
    }
}

/// A token of the test server's user.
pub(crate) async fn token(base: String) -> Option<String> {
    let url = format!("{base}/_tidewire/token");
    let answer = call(Method::POST, &url, &json!({ "system": "dashtam" })).await?;
    Some(answer.get("token")?.as_str()?.to_owned())
}

/// What the server answers, if it does: a stream says for itself what it lacks.
async fn call(method: Method, url: &str, body: &Value) -> Option<Value> {
    let request = RequestBuilder::new(url).method(method).json(body).ok()?;
    request.send().await.ok()?.json().await.ok()
}
