//! What becomes of the events that a component is to show.

use super::handle::RecentEvents;
use crate::client::EventOf;
use crate::profiles::Profile;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use yew::functional::Reducible;

pub(super) trait Gathering<P: Profile>: 'static {
    /// What a render sees of it.
    type Shown: 'static;

    fn add(&self, event: &EventOf<P>);

    /// Begins anew.
    fn clear(&self);

    fn shown(&self) -> Rc<Self::Shown>;
}

/// The latest events.
pub(super) struct Recent<P: Profile> {
    events: RefCell<VecDeque<Rc<EventOf<P>>>>,
    keep: Cell<usize>,
}

impl<P: Profile> Default for Recent<P> {
    fn default() -> Self {
        Recent {
            events: RefCell::default(),
            keep: Cell::new(1),
        }
    }
}

impl<P: Profile> Recent<P> {
    /// How many to hold from now on, at least one. Answers whether some are held no longer.
    pub(super) fn keep(&self, keep: usize) -> bool {
        self.keep.set(keep.max(1));
        self.trim()
    }

    fn trim(&self) -> bool {
        let mut events = self.events.borrow_mut();
        let surplus = events.len().saturating_sub(self.keep.get());
        events.drain(..surplus);
        surplus > 0
    }
}

impl<P: Profile> Gathering<P> for Recent<P>
where
    P::Event: Clone,
    P::Meta: Clone,
{
    type Shown = RecentEvents<P>;

    fn add(&self, event: &EventOf<P>) {
        self.events.borrow_mut().push_back(Rc::new(event.clone()));
        self.trim();
    }

    fn clear(&self) {
        self.events.borrow_mut().clear();
    }

    fn shown(&self) -> Rc<RecentEvents<P>> {
        let events = self.events.borrow().iter().cloned().collect();
        Rc::new(RecentEvents::new(events))
    }
}

/// What a reducer makes of every event.
pub(super) struct Reduced<R> {
    initial: Rc<R>,
    value: RefCell<Rc<R>>,
}

impl<R> Reduced<R> {
    pub(super) fn new(initial: R) -> Self {
        let initial = Rc::new(initial);
        Reduced {
            value: RefCell::new(Rc::clone(&initial)),
            initial,
        }
    }
}

impl<P, R> Gathering<P> for Reduced<R>
where
    P: Profile,
    P::Event: Clone,
    P::Meta: Clone,
    R: Reducible<Action = EventOf<P>> + 'static,
{
    type Shown = R;

    fn add(&self, event: &EventOf<P>) {
        // Taken out: a reducer that has the only reference can change it in place, and nothing is
        // borrowed while it runs.
        let value = self.value.replace(Rc::clone(&self.initial));
        let value = value.reduce(event.clone());
        self.value.replace(value);
    }

    fn clear(&self) {
        self.value.replace(Rc::clone(&self.initial));
    }

    fn shown(&self) -> Rc<R> {
        Rc::clone(&self.value.borrow())
    }
}
