//! The driver, and what it asks of the application.

use crate::client::options::{Attempt, Body, Client, Credentials, TokenFunction};
use crate::client::queue::Queue;
use crate::connection::{CloseReason, ConfigError, Event, Flow, Reason, Report};
use crate::driver::{Door, Driver, Host, Settings};
use crate::filter::{Filter, FilterError};
use crate::profiles::Profile;
use js_sys::{Promise, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

pub(crate) struct Link(Driver);

impl Link {
    /// Sends the first request.
    pub(crate) fn open<P: Profile>(
        client: Client<P>,
        queue: Rc<Queue<P>>,
    ) -> Result<Link, ConfigError> {
        let host = ClientHost {
            queue,
            token: client.token,
            headers: client.headers,
        };
        let door = match client.event_source {
            true => Door::EventSource {
                with_credentials: client.credentials == Some(Credentials::Include),
            },
            false => Door::Fetch {
                method: client.method,
                body: body(client.body),
                credentials: client.credentials.map(|credentials| match credentials {
                    Credentials::Omit => RequestCredentials::Omit,
                    Credentials::SameOrigin => RequestCredentials::SameOrigin,
                    Credentials::Include => RequestCredentials::Include,
                }),
                fetch: None,
            },
        };
        let mut config = client.config;
        config.seed = (js_sys::Math::random() * 9e15) as u64;
        let settings = Settings {
            config,
            url: client.url,
            door,
            pause_when_hidden: client.pause_when_hidden,
        };
        let driver = Driver::new(settings, Box::new(host))?;
        driver.start();
        driver.want();
        Ok(Link(driver))
    }

    pub(crate) fn want(&self) {
        self.0.want();
    }

    pub(crate) fn close(&self, reason: CloseReason) {
        self.0.close(reason);
    }

    pub(crate) fn reconnect(&self) {
        self.0.reconnect();
    }

    pub(crate) fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        self.0.set_filter(filter)
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.0.duplicates()
    }

    pub(crate) fn last_event_id(&self) -> String {
        self.0.last_event_id()
    }
}

fn body(body: Option<Body>) -> JsValue {
    match body {
        None => JsValue::UNDEFINED,
        Some(Body::Text(text)) => text.into(),
        Some(Body::Bytes(bytes)) => Uint8Array::from(&bytes[..]).into(),
    }
}

struct ClientHost<P: Profile> {
    queue: Rc<Queue<P>>,
    token: Option<Rc<TokenFunction>>,
    headers: Vec<(String, String)>,
}

impl<P: Profile> Host for ClientHost<P> {
    fn event(&self, event: Event<'_>) -> Flow {
        self.queue.event(event);
        self.queue.flow()
    }

    fn flush(&self) -> Flow {
        self.queue.flow()
    }

    fn report(&self, report: Report) {
        self.queue.report(report);
    }

    fn token(&self, number: u32, reason: Reason) -> Promise {
        let Some(token) = &self.token else {
            return Promise::resolve(&JsValue::NULL);
        };
        let token = token(Attempt { number, reason });
        wasm_bindgen_futures::future_to_promise(async move {
            Ok(token.await.map_or(JsValue::NULL, JsValue::from))
        })
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    fn retry(&self, _: u32, _: u16) -> bool {
        true
    }
}
