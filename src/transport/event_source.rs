use crate::connection::Response;
use crate::engine::{Listener, News};
use alloc::rc::Weak;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventSource, EventSourceInit, MessageEvent};

/// The browser's `EventSource`, kept from reconnecting by itself: on any error it is closed, and
/// the connection's own policy decides.
pub(crate) struct EventSourceTransport {
    source: EventSource,
    names: Vec<String>,
    on_event: Closure<dyn FnMut(Event)>,
}

impl EventSourceTransport {
    /// Opens the URL and listens to every one of these names, since an `EventSource` drops what
    /// nobody listens to.
    pub(crate) fn open(
        number: u32,
        url: &str,
        with_credentials: bool,
        mut names: Vec<String>,
        listener: Weak<dyn Listener>,
    ) -> Result<EventSourceTransport, String> {
        let init = EventSourceInit::new();
        init.set_with_credentials(with_credentials);
        let source = EventSource::new_with_event_source_init_dict(url, &init)
            // The URL may have a token in it.
            .map_err(|_| "the URL is none that EventSource can open".to_owned())?;
        for always in ["message", "error", "open"] {
            if !names.iter().any(|name| name == always) {
                names.push(always.to_owned());
            }
        }
        let location = url.to_owned();
        let own = source.clone();
        let on_event = Closure::new(move |event: Event| {
            let Some(listener) = listener.upgrade() else {
                return;
            };
            // `error` and `open` may also be the names of a server's events.
            let news = match event.dyn_into::<MessageEvent>() {
                Ok(message) => News::Message {
                    name: message.type_(),
                    data: message.data().as_string().unwrap_or_default(),
                    last_event_id: message.last_event_id(),
                },
                Err(event) if event.type_() == "open" => News::Response(
                    Response {
                        url: location.clone(),
                        ..Response::default()
                    },
                    String::new(),
                ),
                Err(_) => {
                    own.close();
                    News::Failed {
                        message: "the EventSource failed; it does not tell the status: transport 'fetch' does"
                            .to_owned(),
                        elsewhere: false,
                    }
                }
            };
            listener.news(number, news);
        });
        let mut transport = EventSourceTransport {
            source,
            names: Vec::new(),
            on_event,
        };
        transport.listen(names);
        Ok(transport)
    }

    /// Listens to these names too.
    pub(crate) fn listen(&mut self, names: Vec<String>) {
        for name in names {
            if !self.names.contains(&name) {
                let callback = self.on_event.as_ref().unchecked_ref();
                let _ = self
                    .source
                    .add_event_listener_with_callback(&name, callback);
                self.names.push(name);
            }
        }
    }
}

impl Drop for EventSourceTransport {
    fn drop(&mut self) {
        self.source.close();
        for name in &self.names {
            let callback = self.on_event.as_ref().unchecked_ref();
            let _ = self
                .source
                .remove_event_listener_with_callback(name, callback);
        }
    }
}
