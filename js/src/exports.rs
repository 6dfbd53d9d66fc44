//! What the package calls. `boundary.ts` has the same list, and says what each is for.
//!
//! A connection is known there by its address, which it got from [`connect`] and gives back once,
//! to [`free`]. Text comes by [`allocate`]: whoever is called with it owns it. Bytes of a stream are
//! lent.

// That a name is exported as it is, and what an address stands for, only the other side can know.
#![allow(unsafe_code)]

use crate::host::{JsHost, give};
use alloc::boxed::Box;
use alloc::string::String;
use tidewire::connection::{Backoff, CloseReason, Config, Response};
use tidewire::engine::{Engine, News};
use tidewire::filter::Filter;
use tidewire::profiles::Spec;
use tidewire::profiles::lines::cut;

/// A stream.
type Connection = Engine<JsHost>;

/// Room for so many bytes, which the next call takes.
#[unsafe(no_mangle)]
extern "C" fn allocate(length: usize) -> *mut u8 {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(length)).cast()
}

fn text(start: *mut u8, length: usize) -> String {
    // SAFETY: the package gives what `allocate` gave for this length, and gives it once. It has
    // filled it by `TextEncoder`, which writes UTF-8 and nothing else.
    unsafe { String::from_raw_parts(start, length, length) }
}

/// The first line, and what is behind it.
fn line(text: &str) -> (&str, &str) {
    let (first, rest) = cut(text, b'\n');
    (first, rest.unwrap_or_default())
}

/// What is yes or no of a connection, as bits of one number.
mod flags {
    pub(super) const HAS_TOKEN: u32 = 1;
    pub(super) const RENEWS_TOKEN: u32 = 2;
    pub(super) const IS_GET: u32 = 4;
    pub(super) const RECONNECTS: u32 = 8;
    pub(super) const JITTER: u32 = 16;
    pub(super) const CONSTANT_DELAY: u32 = 32;
    pub(super) const SENDS_HEADERS: u32 = 64;
    pub(super) const IS_JSON: u32 = 128;
}

/// Checks the options; nothing is sent yet. Nothing, if they are not those of this version.
///
/// The text is lines: the package's version, the last event ID, the categories, the types, and the profile's.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
extern "C" fn connect(
    key: u32,
    flags: u32,
    start: *mut u8,
    length: usize,
    categories: usize,
    types: usize,
    connect_timeout: f64,
    stale_after: f64,
    max_event_bytes: f64,
    min_delay: f64,
    max_delay: f64,
    factor: f64,
    max_attempts: f64,
    seed: f64,
) -> Option<Box<Connection>> {
    let text = text(start, length);
    let has = |flag| flags & flag != 0;
    let (version, rest) = line(&text);
    if version != env!("CARGO_PKG_VERSION") {
        return None;
    }
    let (last_event_id, rest) = line(rest);
    let (filter, rest) = named(rest, categories, types);
    let spec = Spec::of_checked_lines(rest);
    let repeatable = has(flags::IS_GET) && !spec.runs_once;
    // What runs something is sent once, whatever is asked for.
    let backoff = (repeatable && has(flags::RECONNECTS)).then(|| {
        let mut backoff = Backoff::new(spec.retry.into(), spec.max_retry.into());
        let given = |value: f64, default: &mut u64| {
            if value >= 0.0 {
                *default = value as u64;
            }
        };
        given(min_delay, &mut backoff.min_delay);
        given(max_delay, &mut backoff.max_delay);
        if factor >= 1.0 {
            backoff.factor = factor;
        }
        backoff.jitter = has(flags::JITTER);
        backoff.constant = has(flags::CONSTANT_DELAY);
        // Infinity becomes the largest number, which stands for it.
        backoff.max_attempts = max_attempts as u32;
        backoff
    });
    let config = Config {
        filter,
        last_event_id: last_event_id.into(),
        has_token: has(flags::HAS_TOKEN),
        renews_token: has(flags::RENEWS_TOKEN),
        sends_headers: has(flags::SENDS_HEADERS),
        repeatable,
        backoff,
        connect_timeout: connect_timeout as u64,
        stale_after: stale_after as u64,
        max_event_bytes: max_event_bytes as usize,
        seed: seed as u64,
        spec,
    };
    let host = JsHost::new(key, last_event_id, has(flags::IS_JSON));
    Engine::of_checked(config, host).map(Box::new)
}

/// So many categories and types, each a line, and what follows. Everything, where nothing is
/// named: that nothing is wanted, the package sees to itself.
fn named(mut rest: &str, categories: usize, types: usize) -> (Filter, &str) {
    let mut filter = Filter::all();
    for at in 0..categories + types {
        let (name, after) = line(rest);
        rest = after;
        filter.name(name.into(), at < categories);
    }
    (filter, rest)
}

#[unsafe(no_mangle)]
extern "C" fn free(_: Box<Connection>) {}

#[unsafe(no_mangle)]
extern "C" fn start(connection: &Connection, suspended: bool) {
    connection.start(suspended);
}

#[unsafe(no_mangle)]
extern "C" fn want(connection: &Connection) {
    connection.want();
}

#[unsafe(no_mangle)]
extern "C" fn close(connection: &Connection, reason: u32) {
    connection.close(match reason {
        0 => CloseReason::Closed,
        1 => CloseReason::Aborted,
        _ => CloseReason::SlowConsumer,
    });
}

#[unsafe(no_mangle)]
extern "C" fn reconnect(connection: &Connection) {
    connection.reconnect();
}

#[unsafe(no_mangle)]
extern "C" fn filter(
    connection: &Connection,
    start: *mut u8,
    length: usize,
    categories: usize,
    types: usize,
) {
    connection.set_filter(named(&text(start, length), categories, types).0);
}

#[unsafe(no_mangle)]
extern "C" fn timer(connection: &Connection) {
    connection.timer();
}

#[unsafe(no_mangle)]
extern "C" fn token(connection: &Connection, number: u32, is_there: bool) {
    connection.token(number, is_there);
}

#[unsafe(no_mangle)]
extern "C" fn page(connection: &Connection, event: u32) {
    match event {
        0 => connection.online(),
        1 => connection.suspend(),
        _ => connection.resume(),
    }
}

/// The text is lines: of the head the content type, `Retry-After` in seconds and the URL, and what
/// is there of a refusal's body. `how`: 0 more of that may come, 1 it is all, 2 nothing is told,
/// only asked. Answers whether this is an event stream.
#[unsafe(no_mangle)]
extern "C" fn answer(
    connection: &Connection,
    transport: u32,
    status: u32,
    redirected: bool,
    how: u32,
    start: *mut u8,
    length: usize,
) -> bool {
    let text = text(start, length);
    let mut body = &*text;
    let mut next = || {
        let (first, rest) = line(body);
        body = rest;
        String::from(first)
    };
    let response = Response {
        status: status as u16,
        content_type: next(),
        retry_after: next(),
        url: next(),
        date: String::new(),
        redirected,
    };
    let body = String::from(body);
    let is_stream = connection.is_stream(&response);
    if how < 2 {
        let news = match is_stream || how == 1 {
            true => News::Response(response, body),
            false => News::Refused(response, body),
        };
        connection.news(transport, news);
    }
    is_stream
}

#[unsafe(no_mangle)]
extern "C" fn chunk(
    connection: &Connection,
    transport: u32,
    start: *const u8,
    length: usize,
    now: f64,
) {
    // SAFETY: of all that `allocate` gave, the package keeps this for chunks, has filled it so far,
    // and leaves it alone during the call.
    let bytes = unsafe { core::slice::from_raw_parts(start, length) };
    connection
        .host()
        .at(now, || connection.chunk(transport, bytes));
}

/// Of an `EventSource`. The text is lines: the name, the last event ID, and the data.
#[unsafe(no_mangle)]
extern "C" fn message(connection: &Connection, transport: u32, start: *mut u8, length: usize) {
    let text = text(start, length);
    let (name, rest) = line(&text);
    let (last_event_id, data) = line(rest);
    let news = News::Message {
        name: name.into(),
        data: data.into(),
        last_event_id: last_event_id.into(),
    };
    connection.news(transport, news);
}

#[unsafe(no_mangle)]
extern "C" fn over(
    connection: &Connection,
    transport: u32,
    how: u32,
    start: *mut u8,
    length: usize,
) {
    let message = text(start, length);
    let news = match how {
        0 => News::Ended,
        1 | 2 => News::Failed {
            message,
            elsewhere: how == 2,
        },
        _ => News::Unsupported(message),
    };
    connection.news(transport, news);
}

#[unsafe(no_mangle)]
extern "C" fn duplicates(connection: &Connection) -> f64 {
    connection.duplicates() as f64
}

/// Given by `give`.
#[unsafe(no_mangle)]
extern "C" fn cursor(connection: &Connection) {
    give(&connection.last_event_id());
}
