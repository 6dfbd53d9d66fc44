use crate::batch::{Batch, Crossing};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use js_sys::{Array, Function, Promise};
use tidewire::connection::{Config, Event, Flow, Reason, Recovered, Report, State};
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

#[wasm_bindgen]
extern "C" {
    /// A plain object made by the package.
    pub type Options;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn spec(this: &Options) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &Options) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn method(this: &Options) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn body(this: &Options) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn credentials(this: &Options) -> Option<RequestCredentials>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn fetch(this: &Options) -> Option<Function>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn transport(this: &Options) -> String;
    #[wasm_bindgen(method, getter, js_name = withCredentials)]
    pub(crate) fn with_credentials(this: &Options) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn categories(this: &Options) -> Array;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn types(this: &Options) -> Array;
    #[wasm_bindgen(method, getter, js_name = lastEventId)]
    pub(crate) fn last_event_id(this: &Options) -> String;
    #[wasm_bindgen(method, getter, js_name = hasToken)]
    pub(crate) fn has_token(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = renewsToken)]
    pub(crate) fn renews_token(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = connectTimeout)]
    pub(crate) fn connect_timeout(this: &Options) -> f64;
    #[wasm_bindgen(method, getter, js_name = staleAfter)]
    pub(crate) fn stale_after(this: &Options) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxEventBytes)]
    pub(crate) fn max_event_bytes(this: &Options) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn reconnect(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = minDelay)]
    pub(crate) fn min_delay(this: &Options) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxDelay)]
    pub(crate) fn max_delay(this: &Options) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn factor(this: &Options) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn jitter(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = constantDelay)]
    pub(crate) fn constant_delay(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = maxAttempts)]
    pub(crate) fn max_attempts(this: &Options) -> f64;

    #[wasm_bindgen(method, getter, js_name = pauseWhenHidden)]
    pub(crate) fn pause_when_hidden(this: &Options) -> bool;
    #[wasm_bindgen(method, getter, js_name = isJson)]
    pub(crate) fn is_json(this: &Options) -> bool;

    /// The package's half of a stream. Its methods only put things into queues: the
    /// application's code runs when wasm is no longer on the stack.
    pub type Host;
    #[wasm_bindgen(method)]
    fn token(this: &Host, attempt: u32, reason: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn headers(this: &Host) -> Array;
    #[wasm_bindgen(method)]
    fn when(this: &Host, attempt: u32, status: u16) -> bool;
    /// Nothing, if the text is no UTF-8: then it is to be mended and cross again.
    #[wasm_bindgen(method)]
    fn batch(
        this: &Host,
        text: &[u8],
        rows: &[u32],
        names_at: u32,
        is_array: bool,
        continues: bool,
    ) -> Option<bool>;
    #[wasm_bindgen(method)]
    fn state(this: &Host, state: u32);
    #[wasm_bindgen(method)]
    fn open(this: &Host, status: u16, url: &str, redirected: bool);
    #[wasm_bindgen(method)]
    fn resumed(this: &Host, recovered: u32, last_event_id: &str);
    #[wasm_bindgen(method)]
    fn filtered(this: &Host, error: Option<&str>);
    #[wasm_bindgen(method)]
    fn gap(this: &Host, reason: &str, last_event_id: &str);
    #[wasm_bindgen(method)]
    fn failed(
        this: &Host,
        code: &str,
        status: u16,
        message: &str,
        body: &str,
        will_retry: bool,
        delay: f64,
    );
    #[wasm_bindgen(method)]
    fn closed(this: &Host, reason: &str, code: &str, status: u16, message: &str, body: &str);
}

/// Hands on to the package what the driver gives.
pub(crate) struct JsHost {
    host: Host,
    batch: RefCell<Batch>,
    /// A part of the chunk's events has crossed already.
    continues: Cell<bool>,
}

impl JsHost {
    pub(crate) fn new(host: Host, config: &Config, is_json: bool) -> Self {
        JsHost {
            host,
            batch: RefCell::new(Batch::new(&config.last_event_id, is_json)),
            continues: Cell::new(false),
        }
    }
}

impl JsHost {
    /// Hands over what there is; answers whether there is room for more.
    fn cross(&self, is_followed: bool) -> Flow {
        let continues = self.continues.replace(is_followed);
        let mut batch = self.batch.borrow_mut();
        let cross = |batch: &mut Batch| {
            let Crossing {
                text,
                rows,
                names_at,
                is_array,
            } = batch.crossing();
            self.host.batch(text, rows, names_at, is_array, continues)
        };
        let more = cross(&mut batch).unwrap_or_else(|| {
            batch.mend();
            cross(&mut batch).unwrap_or(true)
        });
        batch.clear();
        match more {
            true => Flow::More,
            false => Flow::Pause,
        }
    }
}

impl tidewire::driver::Host for JsHost {
    fn event(&self, event: Event<'_>) -> Flow {
        let is_full = {
            let mut batch = self.batch.borrow_mut();
            batch.push(event);
            batch.is_full()
        };
        match is_full {
            true => self.cross(true),
            false => Flow::More,
        }
    }

    fn flush(&self) -> Flow {
        self.cross(false)
    }

    fn report(&self, report: Report) {
        match report {
            Report::State(state) => self.host.state(match state {
                State::Connecting => 0,
                State::Open => 1,
                State::Waiting => 2,
                State::Closed => 3,
            }),
            Report::Opened {
                status,
                url,
                redirected,
            } => self.host.open(status, &url, redirected),
            Report::Resumed {
                recovered,
                last_event_id,
            } => {
                let recovered = match recovered {
                    Recovered::No => 0,
                    Recovered::Yes => 1,
                    Recovered::Unknown => 2,
                };
                self.host.resumed(recovered, &last_event_id);
            }
            Report::Gap {
                reason,
                last_event_id,
            } => self.host.gap(reason.as_str(), &last_event_id),
            Report::FilterChanged { error } => {
                self.host
                    .filtered(error.map(|error| error.message).as_deref());
            }
            Report::Failed { error, retry_in } => self.host.failed(
                error.kind.as_str(),
                error.status,
                &error.message,
                &error.body,
                retry_in.is_some(),
                retry_in.unwrap_or(0) as f64,
            ),
            Report::Closed { reason, error } => match error {
                None => self.host.closed(reason.as_str(), "", 0, "", ""),
                Some(error) => self.host.closed(
                    reason.as_str(),
                    error.kind.as_str(),
                    error.status,
                    &error.message,
                    &error.body,
                ),
            },
        }
    }

    fn token(&self, attempt: u32, reason: Reason) -> Promise {
        self.host.token(attempt, reason.as_str())
    }

    fn headers(&self) -> Vec<(String, String)> {
        let all = flat(&self.host.headers());
        all.chunks_exact(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect()
    }

    fn retry(&self, attempt: u32, status: u16) -> bool {
        self.host.when(attempt, status)
    }
}

/// An array of strings.
pub(crate) fn flat(array: &Array) -> Vec<String> {
    array.iter().filter_map(|value| value.as_string()).collect()
}
