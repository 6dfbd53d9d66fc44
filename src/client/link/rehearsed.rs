//! A link whose far end is a test.

use super::elsewhere;
use crate::client::Client;
use crate::client::queue::Queue;
use crate::connection::{CloseReason, ConfigError, Connection, Event, Flow, Report, State};
use crate::filter::{Filter, FilterError};
use crate::profiles::{Profile, Spec};
use crate::wire::Text;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    static LINKS: RefCell<Option<Vec<Rc<FarEnd>>>> = const { RefCell::new(None) };
}

/// From now on, links of this thread lead to the test.
pub(crate) fn rehearse() {
    LINKS.set(Some(Vec::new()));
}

/// Those that were opened since, in order.
pub(crate) fn links() -> Vec<Rc<FarEnd>> {
    LINKS.with_borrow(|links| links.clone().expect("a rehearsal"))
}

/// What a test sees of a link, and does to it.
pub(crate) struct FarEnd {
    spec: Spec,
    report: Box<dyn Fn(Report)>,
    event: Box<dyn Fn(Event<'_>) -> Flow>,
    /// The end of a chunk: whether there is room for more, and whether it took too long.
    flush: Box<dyn Fn() -> (Flow, bool)>,
    asked: RefCell<Filter>,
    closed: Cell<bool>,
    last_event_id: RefCell<String>,
    /// How often it was asked for another filter.
    pub(crate) changes: Cell<u32>,
    pub(crate) reconnections: Cell<u32>,
    pub(crate) wanted: Cell<u32>,
}

impl FarEnd {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// What it was asked for last.
    pub(crate) fn asked(&self) -> Filter {
        self.asked.borrow().clone()
    }

    /// Where a connection would go on.
    pub(crate) fn last_event_id(&self) -> String {
        self.last_event_id.borrow().clone()
    }

    pub(crate) fn report(&self, report: Report) {
        (self.report)(report);
    }

    pub(crate) fn open(&self) {
        self.report(Report::State(State::Open));
    }

    /// A chunk of one event.
    pub(crate) fn send(&self, name: &str, data: &str, id: &str) -> Flow {
        self.put(name, data, id);
        self.flush()
    }

    /// A chunk of these events.
    pub(crate) fn send_all(&self, names: &[&str]) -> Flow {
        for name in names {
            self.put(name, "{}", "");
        }
        self.flush()
    }

    fn flush(&self) -> Flow {
        let (flow, too_slow) = (self.flush)();
        if too_slow {
            self.end(CloseReason::SlowConsumer);
        }
        flow
    }

    fn put(&self, name: &str, data: &str, id: &str) {
        if !id.is_empty() {
            id.clone_into(&mut self.last_event_id.borrow_mut());
        }
        let index = self.spec.event(name).map(|(index, _)| index as u16);
        let last_event_id = self.last_event_id.borrow().clone();
        let _ = (self.event)(Event {
            index,
            name: Text::from(name),
            data: Text::from(data),
            id: (!id.is_empty()).then_some(id),
            last_event_id: &last_event_id,
            replayed: false,
        });
    }

    pub(crate) fn end(&self, reason: CloseReason) {
        if !self.closed.replace(true) {
            self.report(Report::State(State::Closed));
            self.report(Report::Closed {
                reason,
                error: None,
            });
        }
    }
}

pub(crate) enum Link {
    Nowhere(Box<elsewhere::Link>),
    ToTest(Rc<FarEnd>),
}

impl Link {
    pub(crate) fn open<P: Profile>(
        client: Client<P>,
        queue: Rc<Queue<P>>,
    ) -> Result<Link, ConfigError> {
        if LINKS.with_borrow(Option::is_none) {
            let link = elsewhere::Link::open(client, queue)?;
            return Ok(Link::Nowhere(Box::new(link)));
        }
        Connection::new(client.config.clone())?;
        let far_end = Rc::new(FarEnd {
            spec: client.config.spec,
            report: {
                let queue = Rc::clone(&queue);
                Box::new(move |report| queue.report(report))
            },
            event: {
                let queue = Rc::clone(&queue);
                Box::new(move |event| queue.event(event))
            },
            flush: Box::new(move || (queue.flow(), queue.is_too_slow())),
            asked: RefCell::new(client.config.filter),
            closed: Cell::new(false),
            last_event_id: RefCell::new(client.config.last_event_id),
            changes: Cell::new(0),
            reconnections: Cell::new(0),
            wanted: Cell::new(0),
        });
        LINKS.with_borrow_mut(|links| {
            links.get_or_insert_default().push(Rc::clone(&far_end));
        });
        Ok(Link::ToTest(far_end))
    }

    pub(crate) fn want(&self) {
        match self {
            Link::Nowhere(link) => link.want(),
            Link::ToTest(far_end) => far_end.wanted.set(far_end.wanted.get() + 1),
        }
    }

    pub(crate) fn close(&self, reason: CloseReason) {
        match self {
            Link::Nowhere(link) => link.close(reason),
            Link::ToTest(far_end) => far_end.end(reason),
        }
    }

    pub(crate) fn reconnect(&self) {
        match self {
            Link::Nowhere(link) => link.reconnect(),
            Link::ToTest(far_end) => far_end.reconnections.set(far_end.reconnections.get() + 1),
        }
    }

    pub(crate) fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        match self {
            Link::Nowhere(link) => link.set_filter(filter),
            Link::ToTest(far_end) => {
                filter.compile(&far_end.spec)?;
                *far_end.asked.borrow_mut() = filter;
                far_end.changes.set(far_end.changes.get() + 1);
                Ok(())
            }
        }
    }

    pub(crate) fn duplicates(&self) -> u64 {
        match self {
            Link::Nowhere(link) => link.duplicates(),
            Link::ToTest(_) => 0,
        }
    }

    pub(crate) fn last_event_id(&self) -> String {
        match self {
            Link::Nowhere(link) => link.last_event_id(),
            Link::ToTest(far_end) => far_end.last_event_id(),
        }
    }
}
