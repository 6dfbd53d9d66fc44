//! What goes out: the token that is asked for, the URL, the headers, the request.

use super::*;
use crate::address::{escape, with_query};
use alloc::string::ToString;

impl Browser {
    pub(super) fn ask_for_token(&self, number: u32, attempt: u32, reason: Reason) {
        self.token_number.set(number);
        let promise = self.host.token(attempt, reason);
        let latest = Rc::clone(&self.token_number);
        let teller = Rc::clone(&self.teller);
        let (done, failed) = (self.me.clone(), self.me.clone());
        settle(
            &promise,
            move |token| {
                if latest.get() == number {
                    *teller.token.borrow_mut() = token.as_string();
                }
                done.token(number, true);
            },
            move |_| failed.token(number, false),
        );
    }

    pub(super) fn send(&self, number: u32, request: Request) {
        let listener: Rc<dyn Listener> = self.teller.clone();
        let opened = self.opened(number, request, Rc::downgrade(&listener));
        match opened {
            Ok(transport) => self.transports.borrow_mut().push((number, transport)),
            Err(message) => listener.news(number, News::Unsupported(message)),
        }
    }

    fn opened(
        &self,
        number: u32,
        request: Request,
        listener: Weak<dyn Listener>,
    ) -> Result<Transport, String> {
        let mut query = request.query;
        let mut headers = Vec::new();
        if let Some(token) = self.teller.token.borrow().as_deref() {
            match &self.spec.auth {
                Auth::Bearer => {
                    headers.push(("Authorization".to_owned(), ["Bearer ", token].concat()))
                }
                Auth::Header(name) => headers.push((name.to_string(), token.to_owned())),
                Auth::Query(name) => query.push((name.to_string(), token.to_owned())),
            }
        }
        let url = with_query(&self.url, &query);
        match &self.door {
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
                if let Some(id) = request.last_event_id {
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
                FetchTransport::open(number, &request, listener).map(Transport::Fetch)
            }
        }
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
}

impl Teller {
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
