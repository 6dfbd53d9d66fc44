//! Where a stream that a reload interrupts is to go on.

use crate::filter::Filter;
use crate::profiles::{Auth, Cursor, Spec};
use std::rc::Rc;
use std::sync::Arc;

/// Keeps a cursor for each stream, under a key that holds no secret.
///
/// ```
/// use std::{cell::RefCell, collections::HashMap};
/// use tidewire::client::{Client, CursorStore};
/// use tidewire::profiles::dashtam::Dashtam;
///
/// /// For as long as the page is there.
/// #[derive(Default)]
/// struct Memory(RefCell<HashMap<String, String>>);
///
/// impl CursorStore for Memory {
///     fn get(&self, key: &str) -> Option<String> {
///         self.0.borrow().get(key).cloned()
///     }
///
///     fn set(&self, key: &str, last_event_id: &str) {
///         self.0.borrow_mut().insert(key.to_owned(), last_event_id.to_owned());
///     }
/// }
///
/// let client = Client::<Dashtam>::new("/api/v1/events").store(Memory::default());
/// # let _ = client;
/// ```
pub trait CursorStore {
    /// The id to go on after; nothing, to begin anew.
    fn get(&self, key: &str) -> Option<String>;

    /// Keeps it, whenever more was consumed.
    fn set(&self, key: &str, last_event_id: &str);
}

/// A store in the tab's own `sessionStorage`: a reload goes on, another tab begins anew. Where
/// there is none, or it is full, nothing is kept.
#[derive(Debug, Clone)]
pub struct SessionStore {
    #[cfg_attr(
        not(target_arch = "wasm32"),
        allow(dead_code, reason = "outside of the browser there is no such storage")
    )]
    prefix: String,
}

impl Default for SessionStore {
    fn default() -> Self {
        SessionStore::with_prefix("tidewire:")
    }
}

impl SessionStore {
    /// A store whose keys begin with this, in place of `tidewire:`.
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        SessionStore {
            prefix: prefix.into(),
        }
    }
}

#[cfg(target_arch = "wasm32")]
impl CursorStore for SessionStore {
    fn get(&self, key: &str) -> Option<String> {
        session_storage::get(&[&self.prefix, key].concat())
            .ok()
            .flatten()
    }

    fn set(&self, key: &str, last_event_id: &str) {
        // The stream works without it.
        let _ = session_storage::set(&[&self.prefix, key].concat(), last_event_id);
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl CursorStore for SessionStore {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn set(&self, _: &str, _: &str) {}
}

#[cfg(target_arch = "wasm32")]
mod session_storage {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = getItem)]
        pub(super) fn get(key: &str) -> Result<Option<String>, JsValue>;
        #[wasm_bindgen(catch, js_namespace = sessionStorage, js_name = setItem)]
        pub(super) fn set(key: &str, value: &str) -> Result<(), JsValue>;
    }
}

/// How many events may be consumed before the store is told, while others wait.
const AT_LEAST_EVERY: u32 = 256;

/// What a stream's consumer is done with, told to its store.
pub(super) struct Progress {
    store: Rc<dyn CursorStore>,
    key: String,
    written: Arc<str>,
    done: Arc<str>,
    since: u32,
}

impl Progress {
    /// A stream that goes on after `id`.
    pub(super) fn new(store: Rc<dyn CursorStore>, key: String, id: &str) -> Self {
        let id: Arc<str> = id.into();
        Progress {
            store,
            key,
            written: Arc::clone(&id),
            done: id,
            since: 0,
        }
    }

    /// The event of this id was consumed.
    pub(super) fn done(&mut self, id: Arc<str>) {
        self.done = id;
        self.since += 1;
        if self.since >= AT_LEAST_EVERY {
            self.write();
        }
    }

    pub(super) fn write(&mut self) {
        self.since = 0;
        if self.done != self.written && !self.done.is_empty() {
            self.written = Arc::clone(&self.done);
            self.store.set(&self.key, &self.done);
        }
    }
}

/// The profile, the address without what may be secret in it, and the filter: of two streams with
/// different ones, neither may go on where the other is.
pub(super) fn cursor_key(spec: &Spec, url: &str, filter: &Filter) -> String {
    let mut key = format!("{} {}", spec.name, without_secrets(spec, url));
    for name in filter.sorted_names() {
        key.push(' ');
        key.push_str(name);
    }
    key
}

/// The URL without user, password, fragment, and parameters that may be secret or a cursor.
fn without_secrets(spec: &Spec, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut out = without_user(address);
    let mut separator = '?';
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        if !may_be_secret(name) && !is_own_parameter(spec, name) {
            out.push(separator);
            out.push_str(parameter);
            separator = '&';
        }
    }
    out
}

fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("//") else {
        return address.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    [scheme, "//", &rest[host..]].concat()
}

fn is_own_parameter(spec: &Spec, name: &str) -> bool {
    matches!(&spec.auth, Auth::Query(own) if own == name)
        || matches!(&spec.cursor, Cursor::HeaderAndQuery(own) if own == name)
}

/// Whether a parameter is called like one that nobody is to read.
fn may_be_secret(name: &str) -> bool {
    const PARTS: [&str; 6] = [
        "token",
        "secret",
        "passw",
        "credential",
        "signature",
        "api_key",
    ];
    const WHOLE: [&str; 4] = ["key", "apikey", "sig", "code"];
    let name = name.to_ascii_lowercase().replace('-', "_");
    PARTS.iter().any(|part| name.contains(part))
        || WHOLE.contains(&&*name)
        || name.starts_with("auth")
        || name.starts_with("jwt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{dashtam, plain};
    use std::cell::RefCell;

    #[test]
    fn a_key_has_no_secret_in_it() {
        let url = "https://user:word@host/feed?room=1&access_token=t&X-Api-Key=k&sig=s#part";
        assert_eq!(
            cursor_key(&plain::spec(), url, &Filter::all()),
            "plain https://host/feed?room=1"
        );
        let own = "/events?last_event_id=4&page=2";
        let key = cursor_key(&dashtam::spec(), own, &Filter::all());
        assert!(key.ends_with("page=2"), "{key}");
    }

    #[test]
    fn a_key_tells_filters_apart_and_not_the_order_of_their_names() {
        let key = |filter| cursor_key(&dashtam::spec(), "/", &filter);
        assert_eq!(
            key(Filter::categories(["ai", "import"])),
            key(Filter::categories(["import", "ai"]))
        );
        assert_ne!(key(Filter::categories(["ai"])), key(Filter::all()));
    }

    #[derive(Default)]
    struct Remembering(RefCell<Vec<String>>);

    impl CursorStore for Remembering {
        fn get(&self, _: &str) -> Option<String> {
            None
        }

        fn set(&self, _: &str, last_event_id: &str) {
            self.0.borrow_mut().push(last_event_id.to_owned());
        }
    }

    #[test]
    fn a_store_is_told_once_for_what_is_taken_together_and_of_nothing_twice() {
        let store = Rc::<Remembering>::default();
        let mut progress = Progress::new(Rc::<Remembering>::clone(&store), String::new(), "0");
        progress.write();
        for id in ["1", "2", "3"] {
            progress.done(id.into());
        }
        progress.write();
        progress.write();
        assert_eq!(*store.0.borrow(), ["3"]);
        for _ in 0..AT_LEAST_EVERY {
            progress.done("4".into());
        }
        assert_eq!(*store.0.borrow(), ["3", "4"]);
    }
}
