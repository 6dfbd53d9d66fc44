//! The driver, and what it asks of the application.

use super::attempts::Attempts;
use crate::client::options::{Body, Client, Credentials, Failure, RetryFunction, Transport};
use crate::client::queue::Queue;
use crate::connection::{CloseReason, ConfigError, Event, Flow, Reason, Report};
use crate::driver::{Door, Driver, Host, Settings};
use crate::filter::{Filter, FilterError};
use crate::profiles::Profile;
use js_sys::{Promise, Uint8Array};
use std::cell::OnceCell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

pub(crate) struct Link(Rc<Driver>);

impl Link {
    /// Sends the first request.
    pub(crate) fn open<P: Profile>(
        mut client: Client<P>,
        queue: Rc<Queue<P>>,
    ) -> Result<Link, ConfigError> {
        let url = client.address();
        let door = door(&mut client);
        let mut config = client.config.clone();
        config.seed = (js_sys::Math::random() * 9e15) as u64;
        let pause_when_hidden = client.pause_when_hidden;
        let driver = Rc::<OnceCell<Weak<Driver>>>::default();
        let attempts = Attempts::new(&mut client, queue.counts());
        let host = ClientHost {
            queue,
            retry: client.retry.take(),
            attempts,
            driver: Rc::clone(&driver),
        };
        let settings = Settings {
            config,
            url,
            door,
            pause_when_hidden,
        };
        let link = Link(Rc::new(Driver::new(settings, Box::new(host))?));
        driver.get_or_init(|| Rc::downgrade(&link.0));
        link.0.start();
        link.0.want();
        Ok(link)
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

fn door<P: Profile>(client: &mut Client<P>) -> Door {
    match client.transport {
        Transport::EventSource => Door::EventSource {
            with_credentials: client.credentials == Some(Credentials::Include),
        },
        Transport::Fetch => Door::Fetch {
            method: client.the_method().to_owned(),
            body: match client.body.take() {
                None => JsValue::UNDEFINED,
                Some(Body::Text(text)) => text.into(),
                Some(Body::Bytes(bytes)) => Uint8Array::from(&bytes[..]).into(),
                Some(Body::Js(body)) => body,
            },
            credentials: client.credentials.map(|credentials| match credentials {
                Credentials::Omit => RequestCredentials::Omit,
                Credentials::SameOrigin => RequestCredentials::SameOrigin,
                Credentials::Include => RequestCredentials::Include,
            }),
            fetch: client.fetch.take(),
        },
    }
}

struct ClientHost<P: Profile> {
    queue: Rc<Queue<P>>,
    attempts: Attempts,
    retry: Option<Rc<RetryFunction>>,
    /// Whom it serves.
    driver: Rc<OnceCell<Weak<Driver>>>,
}

impl<P: Profile> ClientHost<P> {
    fn flow(&self) -> Flow {
        let flow = self.queue.flow();
        if self.queue.is_too_slow()
            && let Some(driver) = self.driver.get().and_then(Weak::upgrade)
        {
            driver.close(CloseReason::SlowConsumer);
        }
        flow
    }
}

impl<P: Profile> Host for ClientHost<P> {
    fn event(&self, event: Event<'_>) -> Flow {
        self.queue.event(event)
    }

    fn flush(&self) -> Flow {
        self.flow()
    }

    fn report(&self, report: Report) {
        self.queue.report(self.attempts.told(report));
    }

    fn token(&self, number: u32, reason: Reason) -> Promise {
        self.attempts.prepare(number, reason)
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.attempts.headers()
    }

    fn retry(&self, attempt: u32, status: u16) -> bool {
        let status = (status != 0).then_some(status);
        let retry = self.retry.as_ref();
        retry.is_none_or(|retry| retry(Failure { attempt, status }))
    }
}
