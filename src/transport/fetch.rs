use crate::connection::Response;
use crate::driver::{clear_timeout, set_timeout};
use crate::engine::{Listener, News};
use alloc::rc::{Rc, Weak};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use js_sys::{ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestInit,
};

/// Bytes of a chunk that are told at a time. Chromium makes chunks of 2 MiB of what gathers while
/// nobody reads; the module's memory, which never shrinks, is not to grow with them.
const SLICE: u32 = 256 * 1024;

/// Bytes of a refusal's body that are kept for the error.
const BODY_START: usize = 4_096;

/// Milliseconds that the body of a stream which has said all has to end by itself. Servers end it
/// right after their end mark.
const LINGER: i32 = 1_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;

    type Rejectable;
    #[wasm_bindgen(method)]
    fn catch(this: &Rejectable, handler: &Function) -> JsValue;
    #[wasm_bindgen(thread_local_v2, js_name = Boolean)]
    static BOOLEAN: Function;

    /// A response's headers, which a custom `fetch` may make of anything.
    type AnyHeaders;
    #[wasm_bindgen(method, catch)]
    fn get(this: &AnyHeaders, name: &str) -> Result<JsValue, JsValue>;

    /// What a reader gives, each of them: looked up without a string that would have to cross.
    type AnyResult;
    #[wasm_bindgen(method, catch, getter)]
    fn done(this: &AnyResult) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, getter)]
    fn value(this: &AnyResult) -> Result<JsValue, JsValue>;

    /// A response's body, which may be locked, or no stream.
    type AnyBody;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &AnyBody) -> Result<ReadableStreamDefaultReader, JsValue>;
}

/// A request, ready to be sent.
pub(crate) struct FetchRequest {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: JsValue,
    pub(crate) credentials: Option<RequestCredentials>,
    /// In place of the global one.
    pub(crate) fetch: Option<Function>,
}

/// One request and the reading of its answer.
///
/// Nothing is read until [`read`](Self::read) is called, once for each chunk.
pub(crate) struct FetchTransport(Rc<Inner>);

struct Inner {
    number: u32,
    listener: Weak<dyn Listener>,
    controller: AbortController,
    reader: RefCell<Option<ReadableStreamDefaultReader>>,
    /// What of the last chunk is not told yet.
    rest: RefCell<Option<Uint8Array>>,
    /// The start of a refusal's body, while it is read.
    refusal: RefCell<Option<(Response, Vec<u8>)>>,
    /// A promise is under way that will call one of the closures.
    pending: Cell<bool>,
    dropped: Cell<bool>,
    /// Nobody wants what comes, but the body may end by itself before this.
    lingers: RefCell<Option<Lingering>>,
    /// They hold `Inner` in turn; the circle is opened when nothing can call them any more.
    closures: RefCell<Option<Closures>>,
}

/// The timer that ends the wait for the body's own end.
struct Lingering {
    _abort: Closure<dyn FnMut(JsValue)>,
    timer: JsValue,
}

struct Closures {
    on_response: Closure<dyn FnMut(JsValue)>,
    on_read: Closure<dyn FnMut(JsValue)>,
    on_error: Closure<dyn FnMut(JsValue)>,
}

impl FetchTransport {
    /// Sends the request; `fetch` is called exactly once.
    pub(crate) fn open(
        number: u32,
        request: &FetchRequest,
        listener: Weak<dyn Listener>,
    ) -> Result<FetchTransport, String> {
        let controller = AbortController::new().map_err(|error| message(&error))?;
        let init = RequestInit::new();
        init.set_method(&request.method);
        let headers = Headers::new().map_err(|error| message(&error))?;
        for (name, value) in &request.headers {
            headers
                .set(name, value)
                // The value may be a secret.
                .map_err(|_| {
                    let why = "' cannot be sent: its name or its value is not allowed";
                    ["the header '", name, why].concat()
                })?;
        }
        init.set_headers(&headers);
        if !request.body.is_undefined() {
            init.set_body(&request.body);
        }
        if let Some(credentials) = request.credentials {
            init.set_credentials(credentials);
        }
        // A Cache-Control header would make a cross-origin request be asked for beforehand.
        init.set_cache(RequestCache::NoStore);
        init.set_signal(Some(&controller.signal()));
        let promise = match &request.fetch {
            None => global_fetch(&request.url, &init),
            Some(fetch) => fetch
                .call2(&JsValue::UNDEFINED, &request.url.as_str().into(), &init)
                .map(|promise| Promise::resolve(&promise)),
        };
        let promise = promise.map_err(|error| message(&error))?;
        let inner = Rc::new(Inner {
            number,
            listener,
            controller,
            reader: RefCell::new(None),
            rest: RefCell::new(None),
            refusal: RefCell::new(None),
            pending: Cell::new(true),
            dropped: Cell::new(false),
            lingers: RefCell::new(None),
            closures: RefCell::new(None),
        });
        let closures = Closures {
            on_response: inner.closure(Inner::on_response),
            on_read: inner.closure(Inner::on_read),
            on_error: inner.closure(Inner::on_error),
        };
        let _ = promise.then2(&closures.on_response, &closures.on_error);
        *inner.closures.borrow_mut() = Some(closures);
        Ok(FetchTransport(inner))
    }

    /// Asks for the next chunk, once.
    pub(crate) fn read(&self) {
        self.0.read();
    }

    /// Lets the body end by itself, for a moment, and then aborts. Nothing is reported any more.
    pub(crate) fn finish(self) {
        let inner = Rc::clone(&self.0);
        let abort = Closure::new(move |_| {
            inner.lingers.borrow_mut().take();
            inner.abort();
        });
        let timer = set_timeout(abort.as_ref().unchecked_ref(), LINGER);
        *self.0.lingers.borrow_mut() = Some(Lingering {
            _abort: abort,
            timer,
        });
        self.0.rest.take();
        self.0.read();
    }
}

impl Drop for FetchTransport {
    fn drop(&mut self) {
        if self.0.lingers.borrow().is_none() {
            self.0.abort();
        }
    }
}

impl Inner {
    fn abort(&self) {
        self.dropped.set(true);
        self.rest.take();
        self.controller.abort();
        if let Some(reader) = self.reader.borrow_mut().take() {
            // A custom fetch may not know of the signal. What the cancelling says is of no
            // interest, but must not surface as an unhandled rejection.
            silence(&reader.cancel());
        }
        // The signal settles what is pending, and the closures are given up then.
        if !self.pending.get() {
            self.closures.borrow_mut().take();
        }
    }

    /// The body of a stream that has said all has ended.
    fn rest(&self) {
        if let Some(Lingering { timer, .. }) = self.lingers.borrow_mut().take() {
            clear_timeout(&timer);
        }
        self.reader.borrow_mut().take();
        self.closures.borrow_mut().take();
    }

    fn closure(
        self: &Rc<Self>,
        call: impl Fn(&Rc<Inner>, JsValue) + 'static,
    ) -> Closure<dyn FnMut(JsValue)> {
        let inner = Rc::clone(self);
        Closure::new(move |value| {
            inner.pending.set(false);
            if inner.dropped.get() {
                inner.closures.borrow_mut().take();
            } else {
                call(&inner, value);
            }
        })
    }

    fn tell(&self, news: News) {
        if let Some(listener) = self.listener.upgrade() {
            listener.news(self.number, news);
        }
    }

    /// Of another origin, it may be a refusal as long as there is no answer.
    fn fail(&self, message: String) {
        let elsewhere = self.reader.borrow().is_none();
        self.tell(News::Failed { message, elsewhere });
    }

    /// Tells the next bytes of the chunk. Answers whether there were any.
    fn tell_slice(&self) -> bool {
        let Some(rest) = self.rest.take() else {
            return false;
        };
        let length = rest.length();
        if length > SLICE {
            *self.rest.borrow_mut() = Some(rest.subarray(SLICE, length));
        }
        self.tell(News::Chunk(rest.subarray(0, length.min(SLICE)).to_vec()));
        true
    }

    fn read(&self) {
        if self.pending.get() || self.dropped.get() || self.tell_slice() {
            return;
        }
        let (reader, closures) = (self.reader.borrow(), self.closures.borrow());
        if let (Some(reader), Some(closures)) = (&*reader, &*closures) {
            self.pending.set(true);
            let _ = reader.read().then2(&closures.on_read, &closures.on_error);
        }
    }

    /// Whatever a custom `fetch` gives: nothing of it may throw, for that would be a trap.
    fn on_response(self: &Rc<Self>, answer: JsValue) {
        let member = |name: &str| Reflect::get(&answer, &name.into()).unwrap_or_default();
        let status = member("status").as_f64().unwrap_or(0.0) as u16;
        if status == 0 {
            let message = "fetch gave no response whose status can be read".to_owned();
            return self.fail(message);
        }
        let headers: AnyHeaders = member("headers").unchecked_into();
        let header = |name: &str| {
            let value = headers.get(name).ok();
            value
                .and_then(|value| value.as_string())
                .unwrap_or_default()
        };
        let response = Response {
            status,
            content_type: header("content-type"),
            retry_after: header("retry-after"),
            date: header("date"),
            url: member("url").as_string().unwrap_or_default(),
            redirected: member("redirected").is_truthy(),
        };
        let Some(listener) = self.listener.upgrade() else {
            return;
        };
        let reader = match member("body") {
            body if body.is_null() => Ok(None),
            body => body.unchecked_into::<AnyBody>().get_reader().map(Some),
        };
        match (listener.is_stream(&response), reader) {
            (true, Ok(Some(reader))) => {
                *self.reader.borrow_mut() = Some(reader);
                self.tell(News::Response(response, String::new()));
            }
            (true, Ok(None)) => {
                self.tell(News::Response(response, String::new()));
                self.tell(News::Ended);
            }
            (true, Err(_)) => {
                let message = "the response's body cannot be read as a stream".to_owned();
                self.fail(message);
            }
            (false, Ok(Some(reader))) => {
                *self.reader.borrow_mut() = Some(reader);
                *self.refusal.borrow_mut() = Some((response.clone(), Vec::new()));
                self.tell(News::Refused(response, String::new()));
                self.read();
            }
            (false, _) => self.tell(News::Response(response, String::new())),
        }
    }

    fn on_error(self: &Rc<Self>, error: JsValue) {
        if self.lingers.borrow().is_some() {
            return self.rest();
        }
        let refusal = self.refusal.borrow_mut().take();
        match refusal {
            // The refusal stands, however much of its body came.
            Some((response, body)) => self.tell(News::Response(response, start_of(&body))),
            None => self.fail(message(&error)),
        }
    }

    fn on_read(self: &Rc<Self>, result: JsValue) {
        let result: AnyResult = result.unchecked_into();
        let done = result.done().is_ok_and(|done| done.is_truthy());
        if self.lingers.borrow().is_some() {
            match done {
                true => self.rest(),
                false => self.read(),
            }
            return;
        }
        let value = result.value().unwrap_or(JsValue::UNDEFINED);
        let chunk = bytes(value);
        let mut refusal = self.refusal.borrow_mut();
        if let Some((response, body)) = &mut *refusal {
            if let Some(chunk) = chunk {
                body.extend_from_slice(&chunk.to_vec());
            }
            if done || body.len() >= BODY_START {
                let Some((response, body)) = refusal.take() else {
                    return;
                };
                drop(refusal);
                self.tell(News::Response(response, start_of(&body)));
            } else {
                let so_far = News::Refused(response.clone(), start_of(body));
                drop(refusal);
                self.tell(so_far);
                self.read();
            }
            return;
        }
        drop(refusal);
        match chunk {
            _ if done => self.tell(News::Ended),
            Some(chunk) => {
                *self.rest.borrow_mut() = Some(chunk);
                self.tell_slice();
            }
            None => self.fail("the body is not made of bytes".to_owned()),
        }
    }
}

/// The bytes of a chunk. One of another realm (a frame, a test's sandbox) is no instance of this
/// realm's class.
fn bytes(chunk: JsValue) -> Option<Uint8Array> {
    chunk
        .dyn_into::<Uint8Array>()
        .map(Some)
        .unwrap_or_else(|chunk| {
            ArrayBuffer::is_view(&chunk).then(|| {
                let view: Uint8Array = chunk.unchecked_into();
                let (offset, length) = (view.byte_offset(), view.byte_length());
                Uint8Array::new_with_byte_offset_and_length(&view.buffer(), offset, length)
            })
        })
}

fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(BODY_START)]).into_owned()
}

fn message(error: &JsValue) -> String {
    let text = Reflect::get(error, &"message".into()).ok();
    text.and_then(|text| text.as_string())
        .or_else(|| error.as_string())
        .unwrap_or_else(|| "the request failed".to_owned())
}

fn silence(promise: &Promise) {
    // A function that does nothing and is everywhere.
    BOOLEAN.with(|ignore| promise.unchecked_ref::<Rejectable>().catch(ignore));
}
