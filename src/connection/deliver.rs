//! From a message to an event for the application: its type, the mask, what must be mended.

use crate::filter::Subscription;
use crate::profiles::{Discriminator, Flags, Repair, Spec, json};
use crate::wire::Text;

/// Where events go.
pub trait Sink {
    /// Takes an event, which is lent for the length of the call, and answers whether another may
    /// come at once.
    fn event(&mut self, event: Event<'_>) -> Flow;
}

/// Whether another event may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It may.
    More,
    /// The rest stays unread until it is asked for.
    Pause,
}

/// An event that passed the filter, before its payload is parsed.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The index of its type in [`Spec::events`]; `None` for a type unknown to the profile.
    pub index: Option<u16>,
    /// Its type's name, as it came.
    pub name: Text<'a>,
    /// Its data, all of it.
    pub data: Text<'a>,
    /// Its own id, if it came with one.
    pub id: Option<&'a str>,
    /// The id that a connection would go on after.
    pub last_event_id: &'a str,
    /// Whether it is known to be a repetition of the past.
    pub replayed: bool,
}

/// The names of a profile's event types, sorted for the search.
#[derive(Debug)]
pub(super) struct Names(Vec<(Box<[u8]>, u16)>);

impl Names {
    pub(super) fn new(spec: &Spec) -> Self {
        let mut names = Vec::new();
        for (index, event) in (0u16..).zip(spec.events.iter()) {
            for name in std::iter::once(&event.name).chain(event.aliases.iter()) {
                names.push((name.as_bytes().into(), index));
            }
        }
        names.sort_unstable();
        Names(names)
    }

    fn index(&self, spec: &Spec, name: &[u8]) -> Option<u16> {
        let find = |name: &[u8]| {
            let at = self.0.binary_search_by(|(other, _)| (**other).cmp(name));
            at.ok().map(|at| self.0[at].1)
        };
        find(name).or_else(|| {
            if spec.prefixes.is_empty() {
                return None;
            }
            find(
                spec.without_prefix(std::str::from_utf8(name).ok()?)?
                    .as_bytes(),
            )
        })
    }
}

/// A message as the transports give it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) name: Text<'a>,
    pub(super) data: Text<'a>,
    pub(super) id: Option<&'a str>,
    pub(super) last_event_id: &'a str,
}

/// What became of a message.
pub(super) enum Delivered {
    /// It was handed over, or kept back by the filter.
    Event {
        /// What is known of its type.
        flags: Flags,
        flow: Flow,
    },
    /// It was the end mark.
    EndMark,
}

/// Finds the type, lays on the mask, mends and hands over.
pub(super) fn deliver(
    spec: &Spec,
    names: &Names,
    subscription: &Subscription,
    incoming: Incoming<'_>,
    sink: &mut dyn Sink,
) -> Delivered {
    let data = incoming.data.as_bytes();
    if spec.end.as_ref().is_some_and(|end| end.as_bytes() == data) {
        return Delivered::EndMark;
    }
    let mended;
    let data = match spec.repair {
        Repair::None => data,
        Repair::LineBreaks => {
            mended = json::with_escaped_line_breaks(data);
            &mended
        }
    };
    let in_data;
    let name = match &spec.discriminator {
        Discriminator::Event => incoming.name.as_bytes(),
        Discriminator::Field(field) => {
            in_data = json::member(data, field).and_then(json::unquoted);
            in_data.as_deref().unwrap_or_default()
        }
        Discriminator::None => incoming.name.as_bytes(),
    };
    let mut index = names.index(spec, name);
    if index.is_none() && spec.discriminator == Discriminator::None {
        index = Some(0);
    }
    let (flags, passes) = match index.map(usize::from) {
        Some(index) => (spec.events[index].flags, subscription.passes_known(index)),
        None => (Flags::NONE, subscription.passes_unknown(name)),
    };
    let flow = match passes {
        true => sink.event(Event {
            index,
            name: Text::from(name),
            data: Text::from(data),
            id: incoming.id,
            last_event_id: incoming.last_event_id,
            replayed: false,
        }),
        false => Flow::More,
    };
    Delivered::Event { flags, flow }
}
