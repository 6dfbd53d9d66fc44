//! The stream of one component.

use super::gathering::Gathering;
use super::handle::UseEventsHandle;
use crate::client::shared::{self, Member};
use crate::client::{Client, Handle, Item, Status};
use crate::connection::{Error, ErrorKind, State};
use crate::profiles::{DecodeError, Profile};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use yew::functional::UseForceUpdateHandle;

pub(super) struct Subscription<P: Profile, G: Gathering<P>> {
    me: Weak<Self>,
    /// That of the latest render; a connection is made of it.
    client: RefCell<Option<Client<P>>>,
    member: RefCell<Option<Member<P>>>,
    is_mounted: Cell<bool>,
    gathering: G,
    status: RefCell<Status>,
    undecodable: RefCell<Undecodable>,
    /// The same until something changes.
    shown: RefCell<Option<Rc<Shown<G::Shown>>>>,
    render: UseForceUpdateHandle,
    /// A render is on its way.
    is_told: Cell<bool>,
}

/// What one render sees.
pub(super) struct Shown<T> {
    pub(super) gathered: Rc<T>,
    pub(super) status: Status,
    pub(super) undecodable: Undecodable,
}

/// The events that do not fit their types.
#[derive(Clone, Default)]
pub(super) struct Undecodable {
    pub(super) count: u64,
    pub(super) last: Option<Rc<DecodeError>>,
}

impl<P: Profile, G: Gathering<P>> Subscription<P, G> {
    pub(super) fn new(
        client: Option<Client<P>>,
        gathering: G,
        render: UseForceUpdateHandle,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me| Subscription {
            me: me.clone(),
            status: RefCell::new(status_before(client.as_ref())),
            client: RefCell::new(client),
            member: RefCell::new(None),
            is_mounted: Cell::new(false),
            gathering,
            undecodable: RefCell::default(),
            shown: RefCell::new(None),
            render,
            is_told: Cell::new(false),
        })
    }

    /// Whether the stream that is asked for is this one, perhaps with another filter.
    pub(super) fn is_for(&self, client: Option<&Client<P>>) -> bool {
        match (&*self.client.borrow(), client) {
            (Some(mine), Some(client)) => mine.asks_the_same(client),
            (mine, client) => mine.is_none() && client.is_none(),
        }
    }

    pub(super) fn gathering(&self) -> &G {
        &self.gathering
    }

    /// Takes over the client of a later render.
    pub(super) fn follow(&self, client: Option<Client<P>>) {
        let before = self.client.replace(client);
        let filter = match (before, &*self.client.borrow()) {
            (Some(before), Some(now)) if before.config.filter != now.config.filter => {
                now.config.filter.clone()
            }
            _ => return,
        };
        let refused = match self.control() {
            Some(control) => control.set_filter(filter).err(),
            None => None,
        };
        if let Some(error) = refused {
            self.status.borrow_mut().error = Some(Error {
                kind: ErrorKind::Filter,
                status: 0,
                message: error.to_string(),
                body: String::new(),
            });
            self.changed();
        }
    }

    fn open(&self) {
        self.is_mounted.set(true);
        self.begin();
    }

    fn begin(&self) {
        let Some(client) = self.client.borrow().clone() else {
            return;
        };
        let me = self.me.clone();
        let member = shared::join(client, move |item| {
            if let Some(me) = me.upgrade() {
                me.take(item);
            }
        });
        // Who joins what is open already is told of nothing before the next item.
        let status = member.status();
        self.member.replace(Some(member));
        if self.status.replace(status.clone()) != status {
            self.changed();
        }
    }

    fn end(&self) {
        self.is_mounted.set(false);
        self.member.take();
    }

    fn take(&self, item: &Item<P::Event, P::Meta>) {
        match item {
            Item::Event(event) => self.gathering.add(event),
            Item::Undecodable(error) => {
                let mut undecodable = self.undecodable.borrow_mut();
                undecodable.count += 1;
                undecodable.last = Some(Rc::new(error.clone()));
            }
            _ => {
                if !self.status.borrow_mut().follow(item) {
                    return;
                }
            }
        }
        self.changed();
    }

    fn control(&self) -> Option<Handle> {
        self.member.borrow().as_ref().map(Member::handle)
    }

    /// All that arrives together is told at once.
    fn changed(&self) {
        self.look_again();
        if !self.is_told.replace(true) {
            self.render.force_update();
        }
    }

    pub(super) fn look_again(&self) {
        self.shown.take();
    }

    /// For a render: what it sees is the same as before, if nothing has changed.
    pub(super) fn handle(self: Rc<Self>) -> UseEventsHandle<G::Shown> {
        self.is_told.set(false);
        let shown = Rc::clone(self.shown.borrow_mut().get_or_insert_with(|| {
            Rc::new(Shown {
                gathered: self.gathering.shown(),
                status: self.status.borrow().clone(),
                undecodable: self.undecodable.borrow().clone(),
            })
        }));
        UseEventsHandle::new(shown, self)
    }
}

/// How a stream is before its component is mounted.
fn status_before<P: Profile>(client: Option<&Client<P>>) -> Status {
    let state = match client {
        Some(_) => State::Connecting,
        None => State::Closed,
    };
    Status {
        state,
        ..Status::default()
    }
}

/// What a component may do to its stream.
pub(super) trait Opened {
    fn reconnect(&self);
    fn close(&self);
    fn last_event_id(&self) -> String;
}

impl<P: Profile, G: Gathering<P>> Opened for Subscription<P, G> {
    fn reconnect(&self) {
        if !self.is_mounted.get() {
            return;
        }
        if self.status.borrow().closed.is_none() {
            if let Some(control) = self.control() {
                control.reconnect();
            }
            return;
        }
        // What was gathered goes too: what came in the meantime would be missing from it in silence.
        self.member.take();
        self.gathering.clear();
        self.undecodable.take();
        self.status
            .replace(status_before(self.client.borrow().as_ref()));
        self.begin();
        self.changed();
    }

    fn close(&self) {
        if let Some(control) = self.control() {
            control.close();
        }
    }

    fn last_event_id(&self) -> String {
        self.control()
            .map(|control| control.last_event_id())
            .unwrap_or_default()
    }
}

/// A component's hold on its stream: it begins and ends with the component's life on the page.
pub(super) struct Mount<P: Profile, G: Gathering<P>>(Rc<Subscription<P, G>>);

impl<P: Profile, G: Gathering<P>> Mount<P, G> {
    pub(super) fn of(subscription: &Rc<Subscription<P, G>>) -> Self {
        Mount(Rc::clone(subscription))
    }

    /// Opens the stream; what is returned closes it.
    pub(super) fn begin(&self) -> impl FnOnce() + use<P, G> {
        let subscription = Rc::clone(&self.0);
        subscription.open();
        move || subscription.end()
    }
}

/// Another subscription is another stream.
impl<P: Profile, G: Gathering<P>> PartialEq for Mount<P, G> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
