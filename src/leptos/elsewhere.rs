//! Outside of a browser nothing is opened, and nothing is kept: a server may drop what it has
//! rendered on another thread, which no closure of a component has to stand.

use crate::client::{Client, EventOf, Item, Status};
use crate::profiles::Profile;
use reactive_graph::signal::ArcRwSignal;
use std::marker::PhantomData;

pub(super) struct Subscription<P>(PhantomData<fn() -> P>);

impl<P> Clone for Subscription<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Subscription<P> {}

impl<P: Profile> Subscription<P> {
    pub(super) fn new(_: ArcRwSignal<Status>, _: impl Fn() -> Option<Client<P>> + 'static) -> Self {
        Subscription(PhantomData)
    }

    pub(super) fn gather(self, _: impl FnMut(&EventOf<P>) + 'static, _: impl Fn() + 'static) {}

    pub(super) fn take(
        self,
        _: impl FnMut(&Item<P::Event, P::Meta>) + 'static,
        _: impl Fn() + 'static,
    ) {
    }

    pub(super) fn reconnect(self) {}

    pub(super) fn close(self) {}
}
