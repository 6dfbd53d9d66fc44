//! The WebAssembly module behind the npm package: a driver, and the batches that cross.
//!
//! A whole chunk crosses at once: the text of the events that passed, one behind the other, and a
//! table of four numbers for each. What the filter kept back never becomes a JavaScript object.

#![cfg(target_arch = "wasm32")]
// Without std, its panic machinery and its allocator: half of a small module.
#![no_std]

extern crate alloc;

mod batch;
mod host;
mod text;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use host::{JsHost, Options, flat};
use tidewire::connection::{Backoff, CloseReason, Config};
use tidewire::driver::{Door, Driver, Settings};
use tidewire::filter::Filter;
use tidewire::profiles::{Spec, json};
use wasm_bindgen::prelude::*;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A panic is a trap, which the package reports with a stack. A message would have to be written
/// by the formatting machinery, and could have a secret in it.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// A stream, as the package's TypeScript sees it.
#[wasm_bindgen]
pub struct Connection {
    driver: Driver,
}

#[wasm_bindgen]
impl Connection {
    /// Checks the options; nothing is sent yet.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &Options, host: host::Host) -> Result<Connection, JsError> {
        let spec = Spec::from_lines(&options.spec()).map_err(disagreement)?;
        let backoff = options.reconnect().then(|| {
            let mut backoff = Backoff::new(spec.retry.into(), spec.max_retry.into());
            let given = |value: f64, default: &mut u64| {
                if value >= 0.0 {
                    *default = value as u64;
                }
            };
            given(options.min_delay(), &mut backoff.min_delay);
            given(options.max_delay(), &mut backoff.max_delay);
            if options.factor() >= 1.0 {
                backoff.factor = options.factor();
            }
            backoff.jitter = options.jitter();
            backoff.constant = options.constant_delay();
            // Infinity becomes the largest number, which stands for it.
            backoff.max_attempts = options.max_attempts() as u32;
            backoff
        });
        let config = Config {
            filter: named(flat(&options.categories()), flat(&options.types())),
            last_event_id: options.last_event_id(),
            has_token: options.has_token(),
            renews_token: options.renews_token(),
            repeatable: options.method() == "GET" && !spec.runs_once,
            backoff,
            connect_timeout: options.connect_timeout() as u64,
            stale_after: options.stale_after() as u64,
            max_event_bytes: options.max_event_bytes() as usize,
            seed: (js_sys::Math::random() * 9e15) as u64,
            ..Config::new(spec)
        };
        let door = match options.transport().as_str() {
            "eventsource" => Door::EventSource {
                with_credentials: options.with_credentials(),
            },
            _ => Door::Fetch {
                method: options.method(),
                body: options.body(),
                credentials: options.credentials(),
                fetch: options.fetch(),
            },
        };
        let host = JsHost::new(host, &config, options.is_json());
        let settings = Settings {
            config,
            url: options.url(),
            door,
            pause_when_hidden: options.pause_when_hidden(),
        };
        let driver = Driver::new(settings, Box::new(host)).map_err(disagreement)?;
        Ok(Connection { driver })
    }

    /// Sends the request.
    pub fn start(&self) {
        self.driver.start();
    }

    /// More events are wanted.
    pub fn want(&self) {
        self.driver.want();
    }

    /// The application closes the stream.
    pub fn close(&self) {
        self.driver.close(CloseReason::Closed);
    }

    /// The application's signal aborts the stream.
    pub fn abort(&self) {
        self.driver.close(CloseReason::Aborted);
    }

    /// The application is too slow, and wanted the stream closed in that case.
    #[wasm_bindgen(js_name = slowConsumer)]
    pub fn slow_consumer(&self) {
        self.driver.close(CloseReason::SlowConsumer);
    }

    /// Events that were dropped because they had come before.
    #[wasm_bindgen(getter)]
    pub fn duplicates(&self) -> f64 {
        self.driver.duplicates() as f64
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.driver.reconnect();
    }

    /// Changes what is delivered.
    #[wasm_bindgen(js_name = setFilter)]
    pub fn set_filter(&self, categories: Vec<String>, types: Vec<String>) -> Result<(), JsError> {
        self.driver
            .set_filter(named(categories, types))
            .map_err(disagreement)
    }

    /// Events of this name may come, which is in no table.
    pub fn listen(&self, name: &str) {
        self.driver.listen(name);
    }

    /// The last event ID.
    #[wasm_bindgen(getter, js_name = lastEventId)]
    pub fn last_event_id(&self) -> String {
        self.driver.last_event_id()
    }
}

/// JSON out of what Python takes for JSON: null for `NaN` and the infinities.
#[wasm_bindgen(js_name = repairJson)]
pub fn repair_json(text: &str) -> String {
    json::without_python_constants(text).into_owned()
}

/// Everything, where nothing is named: that nothing is wanted, the package sees to itself.
fn named(categories: Vec<String>, types: Vec<String>) -> Filter {
    match categories.is_empty() && types.is_empty() {
        true => Filter::all(),
        false => Filter::categories(categories).and_types(types),
    }
}

/// The package has checked every option before, and says more about it.
fn disagreement<E>(_: E) -> JsError {
    JsError::new("the module does not take these options: is it of the package's own version?")
}
