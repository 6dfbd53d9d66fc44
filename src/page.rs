//! The life of the page, or of the worker, that the connection is on.

use alloc::vec::Vec;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// What happened to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageEvent {
    /// The network is back.
    Online,
    /// The page goes into the back/forward cache, or is frozen.
    PutAway,
    /// It is back from there.
    TakenOut,
    /// Nobody sees it.
    Hidden,
    /// Somebody does.
    Visible,
}

/// What is listened to on the global object, and on the document. Workers and Node.js lack some
/// or all of it, and are never put away.
const GLOBAL: [&str; 3] = ["online", "pagehide", "pageshow"];
const DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];

/// Listens as long as it lives.
pub(crate) struct Page {
    targets: Vec<(EventTarget, &'static [&'static str])>,
    on_event: Closure<dyn FnMut(Event)>,
}

impl Page {
    pub(crate) fn listen(tell: impl Fn(PageEvent) + 'static) -> Page {
        let on_event = Closure::new(move |event: Event| {
            let persisted = || member(&event, "persisted").is_some_and(|it| it.is_truthy());
            let event = match event.type_().as_str() {
                "online" => PageEvent::Online,
                "pagehide" if persisted() => PageEvent::PutAway,
                "pageshow" if persisted() => PageEvent::TakenOut,
                "freeze" => PageEvent::PutAway,
                "resume" => PageEvent::TakenOut,
                "visibilitychange" if is_hidden() => PageEvent::Hidden,
                "visibilitychange" => PageEvent::Visible,
                _ => return,
            };
            tell(event);
        });
        let global: JsValue = js_sys::global().into();
        let document = member(&global, "document");
        let mut targets = Vec::new();
        for (target, names) in [(Some(global), &GLOBAL), (document, &DOCUMENT)] {
            let Some(target) = target.filter(|target| {
                member(target, "addEventListener").is_some_and(|it| it.is_function())
            }) else {
                continue;
            };
            let target: EventTarget = target.unchecked_into();
            for name in names {
                let callback = on_event.as_ref().unchecked_ref();
                let _ = target.add_event_listener_with_callback(name, callback);
            }
            targets.push((target, &names[..]));
        }
        Page { targets, on_event }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        for (target, names) in &self.targets {
            for name in *names {
                let callback = self.on_event.as_ref().unchecked_ref();
                let _ = target.remove_event_listener_with_callback(name, callback);
            }
        }
    }
}

/// Whether there is a document, and nobody sees it.
pub(crate) fn is_hidden() -> bool {
    member(&js_sys::global(), "document")
        .and_then(|document| member(&document, "visibilityState"))
        .is_some_and(|state| state == "hidden")
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}
