//! From options to a stream.

use super::buffer::{Buffer, Room};
use super::check::OptionsError;
use super::events::Connection;
use super::link::Link;
use super::options::{Client, Transport};
use super::queue::{ItemOf, Queue};
use super::store::{Progress, cursor_key};
use super::{ClientError, Closed, Events, Item};
use crate::connection::CloseReason;
use crate::profiles::{Profile, Spec};
use std::rc::Rc;

/// A stream on a connection of its own. The options were checked.
pub(super) fn connect<P: Profile>(mut client: Client<P>) -> Events<P> {
    let progress = client.progress();
    let queue = client.queue();
    let link = Link::open(client, Rc::clone(&queue));
    let link = link.map_err(|error| {
        queue.push(Item::Closed(Closed {
            reason: CloseReason::Rejected,
            error: Some(ClientError::Options(OptionsError::Config(error))),
        }));
    });
    let connection = Connection::new(link.ok(), Rc::clone(&queue));
    Events::new(queue, Rc::new(connection), progress)
}

/// A stream that has come to its end before it began.
pub(super) fn ended<P: Profile>(spec: Spec, end: ItemOf<P>) -> Events<P> {
    let queue = Rc::new(Queue::new(spec, Room::new(Buffer::default(), true), ""));
    queue.push(end);
    let connection = Connection::new(None, Rc::clone(&queue));
    Events::new(queue, Rc::new(connection), None)
}

impl<P: Profile> Client<P> {
    pub(super) fn queue(&self) -> Rc<Queue<P>> {
        let config = &self.config;
        let room = Room::new(self.buffer, self.transport == Transport::Fetch);
        Rc::new(Queue::new(config.spec.clone(), room, &config.last_event_id))
    }

    /// Where the store says that the stream goes on, unless the options say so, and what tells
    /// the store from then on.
    pub(super) fn progress(&mut self) -> Option<Progress> {
        let store = self.store.take()?;
        let config = &mut self.config;
        let url = crate::address::with_query(&self.url, &self.query);
        let key = cursor_key(&config.spec, &url, &config.filter);
        if config.last_event_id.is_empty() {
            let stored = store
                .get(&key)
                .filter(|id| !id.contains(['\0', '\r', '\n']));
            config.last_event_id = stored.unwrap_or_default();
        }
        Some(Progress::new(store, key, &config.last_event_id))
    }
}
