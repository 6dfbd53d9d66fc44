//! The application's part in each attempt to connect: its token, and its headers.

use crate::client::options::{
    Attempt, Client, HeadersFunction, IdempotencyKey, Later, TokenFunction,
};
use crate::client::queue::{Counts, add};
use crate::connection::{Error, Reason, Report};
use crate::profiles::Profile;
use js_sys::{Promise, Uint8Array};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_at_random(bytes: &Uint8Array);
}

pub(super) struct Attempts {
    token: Option<Rc<TokenFunction>>,
    headers: Option<Rc<HeadersFunction>>,
    /// The headers that are the same each time.
    fixed: Vec<(String, String)>,
    prepared: Rc<Prepared>,
    /// Whether `prepare` is called before each.
    is_prepared: bool,
    counts: Rc<Counts>,
    /// Gives up what is under way.
    under_way: RefCell<Rc<Cancel>>,
}

/// What the application has given for the next attempt.
#[derive(Default)]
struct Prepared {
    headers: RefCell<Vec<(String, String)>>,
    /// The token in use and the one before: what must not be read in an error. Later ones have
    /// replaced what could still be told of earlier ones.
    secrets: RefCell<Vec<String>>,
}

impl Attempts {
    pub(super) fn new<P: Profile>(client: &mut Client<P>, counts: Rc<Counts>) -> Self {
        let mut fixed = std::mem::take(&mut client.header);
        if let Some(key) = client.idempotency_key.take() {
            let key = match key {
                IdempotencyKey::Text(text) => text,
                IdempotencyKey::Random => random_uuid(),
            };
            fixed.push(("Idempotency-Key".to_owned(), key));
        }
        Attempts {
            token: client.token.take(),
            headers: client.headers.take(),
            fixed,
            prepared: Rc::default(),
            is_prepared: client.config.has_token,
            counts,
            under_way: RefCell::default(),
        }
    }

    /// Calls the application's functions, when nothing else is on the stack. A string, or null.
    pub(super) fn prepare(&self, number: u32, reason: Reason) -> Promise {
        add(&self.counts.attempts, 1);
        let (token, headers) = (self.token.clone(), self.headers.clone());
        let prepared = Rc::clone(&self.prepared);
        let cancel = Rc::<Cancel>::default();
        let before = self.under_way.replace(Rc::clone(&cancel));
        before.cancel();
        let work = async move {
            if let Some(headers) = headers {
                let headers = headers().await;
                *prepared.headers.borrow_mut() = headers;
            }
            let token = token?(Attempt { number, reason }).await?;
            prepared.keep_secret(&token);
            Some(token)
        };
        let work = Cancellable {
            cancel,
            work: Box::pin(work),
        };
        wasm_bindgen_futures::future_to_promise(async move {
            Ok(work.await.map_or(JsValue::NULL, JsValue::from))
        })
    }

    /// The headers of the attempt that is about to be made.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        if !self.is_prepared {
            add(&self.counts.attempts, 1);
        }
        let prepared = self.prepared.headers.borrow();
        self.fixed.iter().chain(&*prepared).cloned().collect()
    }

    /// The report without the secrets that a server may have put into its refusal.
    pub(super) fn told(&self, report: Report) -> Report {
        let told = |error: Error| Error {
            message: self.prepared.without_secrets(error.message),
            body: self.prepared.without_secrets(error.body),
            ..error
        };
        match report {
            Report::Failed { error, retry_in } => Report::Failed {
                error: told(error),
                retry_in,
            },
            Report::Closed { reason, error } => Report::Closed {
                reason,
                error: error.map(told),
            },
            Report::FilterChanged { error } => Report::FilterChanged {
                error: error.map(told),
            },
            other => other,
        }
    }
}

impl Drop for Attempts {
    fn drop(&mut self) {
        self.under_way.get_mut().cancel();
    }
}

impl Prepared {
    fn keep_secret(&self, token: &str) {
        let mut secrets = self.secrets.borrow_mut();
        if !token.is_empty() && !secrets.iter().any(|secret| secret == token) {
            secrets.insert(0, token.to_owned());
            secrets.truncate(2);
        }
    }

    fn without_secrets(&self, text: String) -> String {
        let secrets = self.secrets.borrow();
        secrets
            .iter()
            .fold(text, |text, secret| text.replace(secret, "…"))
    }
}

/// Work that ends at once when it is given up: an application's function that never answers is
/// not waited for by what is gone.
struct Cancellable {
    cancel: Rc<Cancel>,
    work: Later<Option<String>>,
}

#[derive(Default)]
struct Cancel {
    cancelled: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Cancel {
    fn cancel(&self) {
        self.cancelled.set(true);
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Cancellable {
    type Output = Option<String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<String>> {
        if self.cancel.cancelled.get() {
            return Poll::Ready(None);
        }
        *self.cancel.waker.borrow_mut() = Some(context.waker().clone());
        let polled = self.work.as_mut().poll(context);
        match polled {
            // It may have been given up from within.
            Poll::Pending if self.cancel.cancelled.get() => Poll::Ready(None),
            polled => polled,
        }
    }
}

/// Of version 4. Pages that did not come by https have no `crypto.randomUUID`.
fn random_uuid() -> String {
    let random = Uint8Array::new_with_length(16);
    fill_at_random(&random);
    let mut bytes = [0; 16];
    random.copy_to(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    out
}
