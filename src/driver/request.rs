//! What goes out: the token that is asked for, the URL, the headers, the request.

use super::*;
use alloc::{
    borrow::ToOwned,
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};

impl Inner {
    pub(super) fn ask_for_token(&self, attempt: u32, reason: Reason) {
        self.attempt.set(attempt);
        let number = self.token_number.get().wrapping_add(1);
        self.token_number.set(number);
        let promise = self.host.token(attempt, reason);
        let (done, failed) = (self.me.clone(), self.me.clone());
        settle(
            &promise,
            move |token| {
                if let Some(inner) = done.upgrade() {
                    inner.input(Input::Token(number, Ok(token.as_string())));
                }
            },
            move |_| {
                if let Some(inner) = failed.upgrade() {
                    inner.input(Input::Token(number, Err(())));
                }
            },
        );
    }

    /// Sends a request; `slot` is told which transport it is.
    pub(super) fn open(&self, request: &Request, slot: &Cell<u32>) -> Option<Transport> {
        self.attempt.set(request.attempt);
        // 0 stands for none.
        let number = self.transports.get().checked_add(1).unwrap_or(1);
        self.transports.set(number);
        slot.set(number);
        let listener: Weak<dyn Listener> = self.me.clone();
        let token = self.token.borrow();
        let mut query = request.query.clone();
        let mut headers = Vec::new();
        if let Some(token) = token.as_deref() {
            match &self.spec.auth {
                Auth::Bearer => {
                    headers.push(("Authorization".to_owned(), ["Bearer ", token].concat()))
                }
                Auth::Header(name) => headers.push((name.to_string(), token.to_owned())),
                Auth::Query(name) => query.push((name.to_string(), token.to_owned())),
            }
        }
        drop(token);
        let url = with_query(&self.url, &query);
        let opened = match &self.door {
            Door::EventSource { .. } if !headers.is_empty() => {
                Err("EventSource cannot send a token in a header: use transport 'fetch'".to_owned())
            }
            Door::EventSource { with_credentials } => {
                let names = self.names();
                EventSourceTransport::open(number, &url, *with_credentials, names, listener)
                    .map(Transport::EventSource)
            }
            Door::Fetch {
                method,
                body,
                credentials,
                fetch,
            } => {
                headers.push(("Accept".to_owned(), "text/event-stream".to_owned()));
                if let Some(id) = &request.last_event_id {
                    // A header's characters are bytes; the standard sends the id as UTF-8.
                    let bytes = id.bytes().map(char::from).collect();
                    headers.push(("Last-Event-ID".to_owned(), bytes));
                }
                headers.extend(self.host.headers());
                let request = FetchRequest {
                    url,
                    method: method.clone(),
                    headers,
                    body: body.clone(),
                    credentials: *credentials,
                    fetch: fetch.clone(),
                };
                FetchTransport::open(number, &request, listener)
                    .map(Transport::Fetch)
                    .map_err(|message| self.without_token(&message))
            }
        };
        opened
            .inspect_err(|message| self.connection.borrow_mut().unsupported(message))
            .ok()
    }

    /// Every name that the server may give an event.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.extra_names.borrow().clone();
        for event in self.spec.events.iter() {
            for name in core::iter::once(&event.name).chain(event.aliases.iter()) {
                add(&mut names, name);
                for prefix in self.spec.prefixes.iter() {
                    add(&mut names, &[prefix, ".", name].concat());
                }
            }
        }
        names
    }

    pub(super) fn is_cross_origin(&self) -> bool {
        let own = ORIGIN.with(Clone::clone);
        let scheme = self.url.split_once(':');
        let absolute = scheme.is_some_and(|(_, rest)| rest.starts_with("//"));
        own.is_some_and(|own| absolute && !self.url.starts_with(&own))
    }

    /// The text less the token, which a custom `fetch` or a URL may have brought into it.
    pub(super) fn without_token(&self, text: &str) -> String {
        match self.token.borrow().as_deref() {
            None | Some("") => text.to_owned(),
            Some(token) => {
                let mut escaped = String::new();
                escape(token, &mut escaped);
                without(&without(text, token), &escaped)
            }
        }
    }
}

/// The text with an ellipsis in place of each `secret`, which is not empty.
fn without(text: &str, secret: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        match rest.strip_prefix(secret) {
            Some(after) => {
                out.push('…');
                rest = after;
            }
            None => {
                out.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    out
}

/// The URL with these parameters at the end of its query.
fn with_query(url: &str, query: &[(String, String)]) -> String {
    let (base, fragment) = match url.find('#') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let mut out = base.to_owned();
    for (name, value) in query {
        out.push(if out.contains('?') { '&' } else { '?' });
        escape(name, &mut out);
        out.push('=');
        escape(value, &mut out);
    }
    out + fragment
}

/// Percent-encodes all but what a query may hold as it is; commas and colons stay legible.
fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Calls one of the two when the promise settles, and frees both then.
fn settle(
    promise: &Promise,
    done: impl FnOnce(JsValue) + 'static,
    failed: impl FnOnce(JsValue) + 'static,
) {
    type Pair = (Closure<dyn FnMut(JsValue)>, Closure<dyn FnMut(JsValue)>);
    let pair: Rc<RefCell<Option<Pair>>> = Rc::default();
    let free = |pair: Rc<RefCell<Option<Pair>>>, call: Box<dyn FnOnce(JsValue)>| {
        Closure::once(move |value: JsValue| {
            let held = pair.borrow_mut().take();
            call(value);
            drop(held);
        })
    };
    let done = free(Rc::clone(&pair), Box::new(done));
    let failed = free(Rc::clone(&pair), Box::new(failed));
    let _ = promise.then2(&done, &failed);
    *pair.borrow_mut() = Some((done, failed));
}
