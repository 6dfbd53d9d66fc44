//! The browser's driver, for Rust applications: an [`Engine`] over one of the browser's doors.

use crate::connection::{
    CloseReason, Config, ConfigError, Event, Flow, Millis, Reason, Report, Request, Response,
};
use crate::engine::{self, Engine, Listener, News, WeakEngine};
use crate::filter::{Filter, FilterError};
use crate::page::{Page, PageEvent, is_hidden};
use crate::profiles::{Auth, Spec};
use crate::transport::{EventSourceTransport, FetchRequest, FetchTransport};
use alloc::rc::{Rc, Weak};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

mod request;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &Function, delay: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(thread_local_v2, js_namespace = location, js_name = origin)]
    static ORIGIN: Option<String>;
}

/// Who owns a driver.
pub trait Host {
    /// Takes an event, lent for the length of the call. It must not wait for anything.
    fn event(&self, event: Event<'_>) -> Flow;

    /// Called after the events of a chunk, if there were any: the time to hand them on. The
    /// answer says whether to read on; after `Pause` comes nothing until [`Driver::want`].
    fn flush(&self) -> Flow;

    /// Takes news of the connection's life.
    fn report(&self, report: Report);

    /// A promise of a token: a string, or null for none.
    fn token(&self, attempt: u32, reason: Reason) -> Promise;

    /// Headers for the next request.
    fn headers(&self) -> Vec<(String, String)>;

    /// Whether to try again after this failure.
    fn retry(&self, attempt: u32, status: u16) -> bool;
}

/// What a driver is made of.
pub struct Settings {
    /// What the connection is made of.
    pub config: Config,
    /// Where to; relative URLs are the browser's to resolve.
    pub url: String,
    /// How.
    pub door: Door,
    /// Whether the stream is given up while nobody sees the page.
    pub pause_when_hidden: bool,
}

/// Through which of the browser's doors.
pub enum Door {
    /// `fetch`, and its body's stream.
    Fetch {
        /// The method.
        method: String,
        /// The body; undefined for none.
        body: JsValue,
        /// Whether cookies go along.
        credentials: Option<RequestCredentials>,
        /// In place of the global `fetch`.
        fetch: Option<Function>,
    },
    /// `EventSource`: GET, no header, no status, no pause.
    EventSource {
        /// Whether cookies go to other origins.
        with_credentials: bool,
    },
}

/// A connection that runs. Dropping it closes the connection at once.
pub struct Driver(Engine<Browser>);

impl Driver {
    /// A driver that is not started. Nothing is read before [`want`](Self::want).
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(settings: Settings, host: Box<dyn Host>) -> Result<Driver, ConfigError> {
        let Settings {
            mut config,
            url,
            door,
            pause_when_hidden,
        } = settings;
        config.sends_headers = matches!(door, Door::Fetch { .. });
        let spec = config.spec.clone();
        let extra_names = config.filter.exact_types().map(str::to_owned).collect();
        let engine = Engine::new(config, |me| {
            let teller = Rc::new(Teller {
                engine: me.listener(),
                is_elsewhere: is_cross_origin(&url),
                token: RefCell::new(None),
            });
            let on_timer = Closure::new({
                let me = me.clone();
                move || me.timer()
            });
            Browser {
                me,
                host,
                url,
                door,
                spec,
                teller,
                transports: RefCell::default(),
                timer: RefCell::new(None),
                on_timer,
                page: RefCell::new(None),
                pause_when_hidden,
                token_number: Rc::default(),
                extra_names: RefCell::new(extra_names),
            }
        })?;
        Ok(Driver(engine))
    }

    /// Sends the first request, after the token if there is one.
    pub fn start(&self) {
        let browser = self.0.host();
        browser.watch_page();
        self.0.start(browser.is_unseen());
    }

    /// More events are wanted.
    pub fn want(&self) {
        self.0.want();
    }

    /// Ends it, for this reason.
    pub fn close(&self, reason: CloseReason) {
        self.0.close(reason);
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.0.reconnect();
    }

    /// Changes what is delivered.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        filter.compile(&self.0.host().spec)?;
        for name in filter.exact_types() {
            self.listen(name);
        }
        self.0.set_filter(filter);
        Ok(())
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.0.duplicates()
    }

    /// Events of this name may come, which is in no table: an `EventSource` has to be told.
    pub fn listen(&self, name: &str) {
        self.0.host().listen(name);
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.0.last_event_id()
    }
}

/// What the browser does for an engine.
struct Browser {
    me: WeakEngine<Browser>,
    host: Box<dyn Host>,
    url: String,
    door: Door,
    spec: Spec,
    teller: Rc<Teller>,
    /// Each with its number: the open one, one that is to take over, one whose body ends.
    transports: RefCell<Vec<(u32, Transport)>>,
    timer: RefCell<Option<JsValue>>,
    on_timer: Closure<dyn FnMut()>,
    page: RefCell<Option<Page>>,
    pause_when_hidden: bool,
    /// The token that was asked for last.
    token_number: Rc<Cell<u32>>,
    /// Names outside the profile's table that an `EventSource` has to listen to.
    extra_names: RefCell<Vec<String>>,
}

enum Transport {
    Fetch(FetchTransport),
    EventSource(EventSourceTransport),
}

/// Between the transports and the engine: what is told has no secret in it.
struct Teller {
    engine: Weak<dyn Listener>,
    /// The requests go to another origin.
    is_elsewhere: bool,
    /// The secret, and only here.
    token: RefCell<Option<String>>,
}

impl Listener for Teller {
    fn news(&self, transport: u32, news: News) {
        let news = match news {
            News::Response(mut response, body) => {
                response.url = self.without_token(&response.url);
                News::Response(response, body)
            }
            News::Failed { message, elsewhere } => News::Failed {
                message: self.without_token(&message),
                elsewhere: elsewhere && self.is_elsewhere,
            },
            News::Unsupported(message) => News::Unsupported(self.without_token(&message)),
            News::Refused(..) | News::Chunk(_) | News::Message { .. } | News::Ended => news,
        };
        if let Some(engine) = self.engine.upgrade() {
            engine.news(transport, news);
        }
    }

    fn is_stream(&self, response: &Response) -> bool {
        let engine = self.engine.upgrade();
        engine.is_some_and(|engine| engine.is_stream(response))
    }
}

impl engine::Host for Browser {
    fn event(&self, event: Event<'_>) -> Flow {
        self.host.event(event)
    }

    fn flush(&self) -> Flow {
        self.host.flush()
    }

    fn report(&self, report: Report) {
        if let Report::Closed { .. } = report {
            self.page.take();
        }
        self.host.report(report);
    }

    fn retry(&self, attempt: u32, status: u16) -> bool {
        self.host.retry(attempt, status)
    }

    fn now(&self) -> Millis {
        performance_now() as Millis
    }

    fn wake(&self, after: Option<u32>) {
        if let Some(armed) = self.timer.take() {
            clear_timeout(&armed);
        }
        let callback = self.on_timer.as_ref().unchecked_ref();
        *self.timer.borrow_mut() = after.map(|after| set_timeout(callback, after as i32));
    }

    fn token(&self, number: u32, attempt: u32, reason: Reason) {
        self.ask_for_token(number, attempt, reason);
    }

    fn open(&self, transport: u32, request: Request) {
        self.send(transport, request);
    }

    fn read(&self, transport: u32) {
        for (number, door) in &*self.transports.borrow() {
            if let (true, Transport::Fetch(fetch)) = (*number == transport, door) {
                fetch.read();
            }
        }
    }

    fn abort(&self, transport: u32) {
        drop(self.take(transport));
    }

    fn finish(&self, transport: u32) {
        // An EventSource would ask again, and is closed.
        if let Some(Transport::Fetch(fetch)) = self.take(transport) {
            fetch.finish();
        }
    }
}

impl Browser {
    fn watch_page(&self) {
        let me = self.me.clone();
        let pauses = self.pause_when_hidden;
        let page = Page::listen(move |event| {
            let unseen = pauses && is_hidden();
            match event {
                PageEvent::Online => me.online(),
                PageEvent::PutAway => me.suspend(),
                PageEvent::Hidden if unseen => me.suspend(),
                PageEvent::Hidden => {}
                PageEvent::TakenOut | PageEvent::Visible if unseen => {}
                PageEvent::TakenOut | PageEvent::Visible => me.resume(),
            }
        });
        *self.page.borrow_mut() = Some(page);
    }

    fn is_unseen(&self) -> bool {
        self.pause_when_hidden && is_hidden()
    }

    /// Out of the list first: aborting may call a custom fetch's listeners.
    fn take(&self, transport: u32) -> Option<Transport> {
        let mut transports = self.transports.borrow_mut();
        let at = transports
            .iter()
            .position(|(number, _)| *number == transport)?;
        Some(transports.swap_remove(at).1)
    }

    fn listen(&self, name: &str) {
        add(&mut self.extra_names.borrow_mut(), name);
        let names = self.names();
        for (_, transport) in &mut *self.transports.borrow_mut() {
            if let Transport::EventSource(source) = transport {
                source.listen(names.clone());
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(armed) = self.timer.get_mut().take() {
            clear_timeout(&armed);
        }
    }
}

/// Adds a name that is not among them.
fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|other| other == name) {
        names.push(name.to_owned());
    }
}

fn is_cross_origin(url: &str) -> bool {
    let own = ORIGIN.with(Clone::clone);
    let scheme = url.split_once(':');
    let absolute = scheme.is_some_and(|(_, rest)| rest.starts_with("//"));
    own.is_some_and(|own| absolute && !url.starts_with(&own))
}
