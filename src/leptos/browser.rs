//! The stream of one component, opened once it is in the page.

use crate::client::shared::{self, Member};
use crate::client::{Client, EventOf, Handle, Item, Status};
use crate::connection::{Error, ErrorKind, State};
use crate::profiles::Profile;
use reactive_graph::effect::Effect;
use reactive_graph::graph::untrack;
use reactive_graph::owner::{LocalStorage, StoredValue, on_cleanup};
use reactive_graph::signal::ArcRwSignal;
use reactive_graph::traits::{Set, Update, WithUntracked, WithValue};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// A component's hold on its stream. When the component is gone, it holds nothing.
pub(super) struct Subscription<P: Profile>(StoredValue<Rc<Stream<P>>, LocalStorage>);

impl<P: Profile> Clone for Subscription<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Profile> Copy for Subscription<P> {}

impl<P: Profile> Subscription<P> {
    pub(super) fn new(
        status: ArcRwSignal<Status>,
        client: impl Fn() -> Option<Client<P>> + 'static,
    ) -> Self {
        let stream = Rc::new_cyclic(|me| Stream {
            me: me.clone(),
            status,
            client: RefCell::new(None),
            member: RefCell::new(None),
            takers: RefCell::new(Rc::default()),
        });
        let subscription = Subscription(StoredValue::new_local(Rc::clone(&stream)));
        // It runs when the component is set up, and on no server.
        Effect::new(move || {
            let client = client();
            untrack(|| stream.follow(client));
        });
        on_cleanup(move || {
            subscription.with(Stream::end);
        });
        subscription
    }

    pub(super) fn gather(
        self,
        mut take: impl FnMut(&EventOf<P>) + 'static,
        clear: impl Fn() + 'static,
    ) {
        self.take(
            move |item| {
                if let Item::Event(event) = item {
                    take(event);
                }
            },
            clear,
        );
    }

    pub(super) fn take(
        self,
        take: impl FnMut(&Item<P::Event, P::Meta>) + 'static,
        clear: impl Fn() + 'static,
    ) {
        let taker = Rc::new(Taker {
            take: RefCell::new(Box::new(take)),
            clear: Box::new(clear),
            gone: Cell::new(false),
        });
        self.with(|stream| stream.add(&taker));
        // Of whoever called, perhaps a part of the component that comes and goes.
        let taker = StoredValue::new_local(taker);
        on_cleanup(move || {
            let taker = taker.try_with_value(Rc::clone);
            if let Some(taker) = taker {
                taker.gone.set(true);
                self.with(|stream| stream.remove(&taker));
            }
        });
    }

    pub(super) fn reconnect(self) {
        self.with(Stream::reconnect);
    }

    pub(super) fn close(self) {
        self.with(|stream| {
            if let Some(handle) = stream.handle() {
                handle.close();
            }
        });
    }

    fn with(self, act: impl FnOnce(&Stream<P>)) {
        // Out of the arena first: what is done may reach into it.
        let stream = self.0.try_with_value(Rc::clone);
        if let Some(stream) = stream {
            act(&stream);
        }
    }
}

struct Stream<P: Profile> {
    me: Weak<Self>,
    status: ArcRwSignal<Status>,
    /// What was asked for last.
    client: RefCell<Option<Client<P>>>,
    member: RefCell<Option<Member<P>>>,
    /// Replaced, never changed: they come and go while they are told.
    takers: RefCell<Rc<[Rc<Taker<P>>]>>,
}

type Take<P> = dyn FnMut(&Item<<P as Profile>::Event, <P as Profile>::Meta>);

/// One that gathers what comes.
struct Taker<P: Profile> {
    take: RefCell<Box<Take<P>>>,
    /// Another stream begins.
    clear: Box<dyn Fn()>,
    gone: Cell<bool>,
}

impl<P: Profile> Stream<P> {
    /// Takes over what is asked for now.
    fn follow(&self, client: Option<Client<P>>) {
        let before = self.client.replace(client.clone());
        match (before, client) {
            (Some(before), Some(client)) if before.asks_the_same(&client) => {
                if before.config.filter != client.config.filter {
                    self.set_filter(&client);
                }
            }
            (None, None) => {}
            _ => {
                self.end();
                self.begin();
            }
        }
    }

    /// What it is told of an end, or of a filter that was not taken, stays where it is seen.
    fn set_filter(&self, client: &Client<P>) {
        let Some(handle) = self.handle() else { return };
        let refused = handle.set_filter(client.config.filter.clone()).err();
        let refused = refused.map(|error| Error {
            kind: ErrorKind::Filter,
            status: 0,
            message: error.to_string(),
            body: String::new(),
        });
        let is_of_a_filter = |status: &Status| matches!(&status.error, Some(error) if error.kind == ErrorKind::Filter);
        if refused.is_some() || self.status.with_untracked(is_of_a_filter) {
            self.status.update(|status| status.error = refused);
        }
    }

    fn begin(&self) {
        self.each(|taker| (taker.clear)());
        let client = self.client.borrow().clone();
        let Some(client) = client else {
            self.status.set(Status {
                state: State::Closed,
                ..Status::default()
            });
            return;
        };
        let me = Weak::clone(&self.me);
        let member = shared::join(client, move |item| {
            if let Some(me) = me.upgrade() {
                me.tell(item);
            }
        });
        // Who joins what is open already is told of nothing before the next item.
        self.status.set(member.status());
        *self.member.borrow_mut() = Some(member);
    }

    fn end(&self) {
        let member = self.member.take();
        drop(member);
    }

    fn reconnect(&self) {
        if self.status.with_untracked(|status| status.closed.is_none()) {
            if let Some(handle) = self.handle() {
                handle.reconnect();
            }
        } else if self.member.borrow().is_some() {
            self.end();
            untrack(|| self.begin());
        }
    }

    fn handle(&self) -> Option<Handle> {
        self.member.borrow().as_ref().map(Member::handle)
    }

    fn tell(&self, item: &Item<P::Event, P::Meta>) {
        match item {
            Item::Event(_) | Item::Undecodable(_) | Item::FilterChanged => {}
            _ => self.status.update(|status| {
                status.follow(item);
            }),
        }
        self.each(|taker| (taker.take.borrow_mut())(item));
    }

    fn each(&self, tell: impl Fn(&Taker<P>)) {
        let takers = Rc::clone(&self.takers.borrow());
        for taker in &*takers {
            if !taker.gone.get() {
                tell(taker);
            }
        }
    }

    fn add(&self, taker: &Rc<Taker<P>>) {
        let mut takers = self.takers.borrow_mut();
        *takers = takers.iter().chain([taker]).cloned().collect();
    }

    fn remove(&self, taker: &Rc<Taker<P>>) {
        let mut takers = self.takers.borrow_mut();
        let others = takers.iter().filter(|other| !Rc::ptr_eq(other, taker));
        let others = others.cloned().collect();
        let before = std::mem::replace(&mut *takers, others);
        drop(takers);
        drop(before);
    }
}
