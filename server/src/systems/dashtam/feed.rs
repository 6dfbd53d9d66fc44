//! The events of each user: who listens, and what is kept for a resume.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tidewire::profiles::dashtam::Category;
use uuid::Uuid;

use crate::stream::EventSender;

/// Users whose events are kept.
const MAX_LOGS: usize = 1_000;

/// The categories that a stream asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mask(u8);

impl Mask {
    /// No filter: even what has no category passes.
    pub(super) const ALL: Self = Self(u8::MAX);

    /// None when a name is no category.
    pub(super) fn of(names: &[String]) -> Option<Self> {
        names.iter().try_fold(Self(0), |mask, name| {
            let category: Category = name.parse().ok()?;
            Some(Self(mask.0 | 1 << category as u8))
        })
    }

    fn passes(self, category: Option<Category>) -> bool {
        match category {
            Some(category) => self.0 & (1 << category as u8) != 0,
            None => self == Self::ALL,
        }
    }
}

/// One published event.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) category: Option<Category>,
    pub(super) frame: Bytes,
}

/// How long events are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) max: usize,
    pub(super) ttl: Duration,
}

/// All users' events.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    listeners: Vec<Listener>,
    logs: HashMap<String, Log>,
}

#[derive(Debug)]
struct Listener {
    user: String,
    mask: Mask,
    sender: EventSender,
}

#[derive(Debug)]
struct Log {
    entries: VecDeque<Entry>,
    /// Counted from the first entry, so that the whole log vanishes at once: the service renews no
    /// expiry.
    ends: Instant,
}

impl Feeds {
    /// Sends what came after `cursor`, then all that comes, with nothing lost in between.
    pub(super) fn subscribe(
        &self,
        user: String,
        mask: Mask,
        cursor: Option<Uuid>,
        sender: EventSender,
    ) {
        let mut inner = self.lock();
        if let Some(cursor) = cursor {
            inner.replay(&user, mask, cursor, &sender);
        }
        inner
            .listeners
            .retain(|listener| !listener.sender.is_gone());
        inner.listeners.push(Listener { user, mask, sender });
    }

    /// Sends what came after `cursor`. An unknown cursor sends nothing, and says nothing.
    pub(super) fn replay(&self, user: &str, mask: Mask, cursor: Uuid, sender: &EventSender) {
        self.lock().replay(user, mask, cursor, sender);
    }

    /// Sends to one user's streams, keeps the event if it is to be kept, and returns how many got it.
    pub(super) fn publish(&self, user: &str, entry: Entry, retention: Option<Retention>) -> usize {
        let mut inner = self.lock();
        let receivers = inner.send(&entry, |listener| listener.user == user);
        if let Some(retention) = retention {
            inner.keep(user, entry, retention);
        }
        receivers
    }

    /// Forgets a user's events but for the newest `keep`, and returns how many are gone.
    pub(super) fn forget(&self, user: &str, keep: usize) -> usize {
        let mut inner = self.lock();
        let Some(log) = inner.logs.get_mut(user) else {
            return 0;
        };
        let gone = log.entries.len().saturating_sub(keep);
        log.entries.drain(..gone);
        gone
    }

    /// Sends to everybody's streams.
    pub(super) fn broadcast(&self, entry: &Entry) -> usize {
        self.lock().send(entry, |_| true)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn send(&mut self, entry: &Entry, is_for: impl Fn(&Listener) -> bool) -> usize {
        let mut receivers = 0;
        self.listeners.retain(|listener| {
            if !is_for(listener) || !listener.mask.passes(entry.category) {
                return !listener.sender.is_gone();
            }
            let sent = listener.sender.send_or_cut(entry.frame.clone()).is_ok();
            receivers += usize::from(sent);
            sent
        });
        receivers
    }

    fn keep(&mut self, user: &str, entry: Entry, retention: Retention) {
        let now = Instant::now();
        if self.logs.len() >= MAX_LOGS {
            self.logs.retain(|_, log| log.ends > now);
        }
        if self.logs.len() >= MAX_LOGS && !self.logs.contains_key(user) {
            return;
        }
        let log = self.logs.entry(user.into()).or_insert(Log {
            entries: VecDeque::new(),
            ends: now + retention.ttl,
        });
        if log.ends <= now {
            log.entries.clear();
            log.ends = now + retention.ttl;
        }
        log.entries.push_back(entry);
        while log.entries.len() > retention.max {
            log.entries.pop_front();
        }
    }

    fn replay(&self, user: &str, mask: Mask, cursor: Uuid, sender: &EventSender) {
        let Some(log) = self.logs.get(user).filter(|log| log.ends > Instant::now()) else {
            return;
        };
        let cursor = cursor.to_string();
        let Some(seen) = log.entries.iter().position(|entry| entry.id == cursor) else {
            return;
        };
        for entry in log.entries.range(seen + 1..) {
            if mask.passes(entry.category) {
                // A client that overflows here is cut, and nobody is left to be told.
                let _ = sender.send_or_cut(entry.frame.clone());
            }
        }
    }
}
