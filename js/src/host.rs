//! What is called of the package. `boundary.ts` says what each is for.

// Whether a name can be imported, only the other side can know.
#![allow(unsafe_code)]

use core::cell::{Cell, RefCell};
use tidewire::connection::{
    Connection, Event, Flow, Millis, Reason, Recovered, Report, Request, State,
};
use tidewire::engine::{Fed, Host};
use tidewire_crossing::{Batch, Chunk, Crossing, Form, Outlet, collect, feed};

// SAFETY: none of them keeps an address longer than the call, or writes to one.
#[link(wasm_import_module = "tidewire")]
unsafe extern "C" {
    safe fn now() -> f64;
    safe fn wake(key: u32, after: i32);
    safe fn ask(key: u32, number: u32, attempt: u32, reason: u32);
    safe fn open(
        key: u32,
        transport: u32,
        query: *const u8,
        query_length: usize,
        id: *const u8,
        id_length: usize,
    );
    safe fn steer(key: u32, transport: u32, what: u32);
    safe fn retry(key: u32, attempt: u32, status: u32) -> u32;
    safe fn batch(
        key: u32,
        text: *const u8,
        text_length: usize,
        rows: *const u32,
        rows_length: usize,
        names_at: usize,
        size: usize,
        flags: u32,
        lent: *const u8,
        lent_length: usize,
        wide: *const u8,
        wide_length: usize,
    ) -> u32;
    #[link_name = "report"]
    safe fn tell(
        key: u32,
        what: u32,
        number: u32,
        delay: f64,
        first: *const u8,
        first_length: usize,
        second: *const u8,
        second_length: usize,
        third: *const u8,
        third_length: usize,
        fourth: *const u8,
        fourth_length: usize,
    );
    #[link_name = "give"]
    safe fn give_text(start: *const u8, length: usize);
}

/// Answers a call with a text.
pub(crate) fn give(text: &str) {
    give_text(text.as_ptr(), text.len());
}

const READ: u32 = 0;
const ABORT: u32 = 1;
const FINISH: u32 = 2;

/// What `batch` is told, as bits of one number.
const IS_ARRAY: u32 = 1;
const CONTINUES: u32 = 2;
const IS_DOUBTFUL: u32 = 4;

/// What `batch` answers, if it is neither 0, to pause, nor 1, to go on: the text is not what it has
/// to be, ASCII or at least UTF-8.
const BROKEN: u32 = 2;

/// Hands on to the package what the engine gives.
pub(crate) struct JsHost {
    /// By which the package knows the connection.
    key: u32,
    batch: RefCell<Batch>,
    /// A part of the chunk's events has crossed already.
    continues: Cell<bool>,
    /// The time, while it is known without asking.
    time: Cell<Option<f64>>,
}

impl JsHost {
    // Not inlined, the module is smaller.
    #[inline(never)]
    pub(crate) fn new(key: u32, last_event_id: &str, is_json: bool) -> Self {
        JsHost {
            key,
            batch: RefCell::new(Batch::new(last_event_id, is_json)),
            continues: Cell::new(false),
            time: Cell::new(None),
        }
    }

    fn try_cross(&self, crossing: Crossing<'_>, continues: bool) -> u32 {
        let Crossing {
            text,
            lent,
            wide,
            rows,
            names_at,
            size,
            is_array,
            is_doubtful,
        } = crossing;
        let flag = |is_set: bool, flag| if is_set { flag } else { 0 };
        batch(
            self.key,
            text.as_ptr(),
            text.len(),
            rows.as_ptr(),
            rows.len(),
            names_at,
            size,
            flag(is_array, IS_ARRAY) | flag(continues, CONTINUES) | flag(is_doubtful, IS_DOUBTFUL),
            lent.as_ptr(),
            lent.len(),
            wide.as_ptr(),
            wide.len(),
        )
    }

    /// Does something at a time that is known.
    pub(crate) fn at(&self, time: f64, act: impl FnOnce()) {
        self.time.set(Some(time));
        act();
        self.time.set(None);
    }
}

impl Outlet for JsHost {
    fn cross(&self, batch: &mut Batch, chunk: Chunk<'_>, is_followed: bool) -> Flow {
        let continues = self.continues.replace(is_followed);
        let mut form = batch.form(!chunk.is_sparse);
        let answer = loop {
            let answer = self.try_cross(batch.crossing(chunk.bytes, form), continues);
            form = match form {
                _ if answer != BROKEN => break answer,
                Form::AsItIs | Form::WideInChunk => Form::Gathered,
                Form::Gathered => Form::Mended,
                // There is nothing more that could be done.
                Form::Mended => break answer,
            };
        };
        batch.clear(chunk.bytes);
        match answer {
            0 => Flow::Pause,
            _ => Flow::More,
        }
    }

    fn report(&self, report: Report) {
        let mut number = 0;
        let mut delay = 0.0;
        let [mut first, mut second] = [""; 2];
        let mut failure = None;
        let what = match &report {
            Report::State(state) => {
                number = match state {
                    State::Connecting => 0,
                    State::Open => 1,
                    State::Waiting => 2,
                    State::Closed => 3,
                };
                0
            }
            Report::Opened {
                status,
                url,
                redirected,
            } => {
                number = (*status).into();
                delay = if *redirected { 1.0 } else { 0.0 };
                first = url;
                1
            }
            Report::Resumed {
                recovered,
                last_event_id,
            } => {
                number = match recovered {
                    Recovered::No => 0,
                    Recovered::Yes => 1,
                    Recovered::Unknown => 2,
                };
                first = last_event_id;
                2
            }
            Report::Gap {
                reason,
                last_event_id,
            } => {
                first = reason.as_str();
                second = last_event_id;
                3
            }
            Report::FilterChanged { error } => {
                failure = error.as_ref();
                4
            }
            Report::Failed { error, retry_in } => {
                delay = retry_in.map_or(-1.0, |delay| delay as f64);
                failure = Some(error);
                5
            }
            Report::Closed { reason, error } => {
                first = reason.as_str();
                failure = error.as_ref();
                6
            }
        };
        let [mut message, mut body] = [""; 2];
        if let Some(error) = failure {
            number = error.status.into();
            second = error.kind.as_str();
            (message, body) = (&error.message, &error.body);
        }
        tell(
            self.key,
            what,
            number,
            delay,
            first.as_ptr(),
            first.len(),
            second.as_ptr(),
            second.len(),
            message.as_ptr(),
            message.len(),
            body.as_ptr(),
            body.len(),
        );
    }
}

impl Host for JsHost {
    fn event(&self, event: Event<'_>) -> Flow {
        collect(event, &mut self.batch.borrow_mut(), self)
    }

    fn flush(&self) -> Flow {
        self.cross(&mut self.batch.borrow_mut(), Chunk::default(), false)
    }

    fn feed(&self, connection: &mut Connection, now: Millis, bytes: &[u8]) -> Fed {
        let (used, flow) = feed(connection, now, bytes, &mut self.batch.borrow_mut(), self);
        Fed {
            used,
            flow,
            taken: false,
        }
    }

    fn report(&self, report: Report) {
        Outlet::report(self, report);
    }

    fn retry(&self, attempt: u32, status: u16) -> bool {
        retry(self.key, attempt, status.into()) != 0
    }

    fn now(&self) -> Millis {
        self.time.get().unwrap_or_else(|| now()) as Millis
    }

    fn wake(&self, after: Option<u32>) {
        wake(self.key, after.map_or(-1, |after| after as i32));
    }

    fn token(&self, number: u32, attempt: u32, reason: Reason) {
        let reason = match reason {
            Reason::Connect => 0,
            Reason::Reconnect => 1,
            Reason::Unauthorized => 2,
            Reason::Filter => 3,
        };
        ask(self.key, number, attempt, reason);
    }

    fn open(&self, transport: u32, request: Request) {
        let mut query = alloc::string::String::new();
        for (name, value) in &request.query {
            for part in [name, value] {
                query.push_str(part);
                query.push('\n');
            }
        }
        let id = request.last_event_id.as_deref();
        let (id, id_length) = id.map_or((core::ptr::null(), 0), |id| (id.as_ptr(), id.len()));
        open(
            self.key,
            transport,
            query.as_ptr(),
            query.len(),
            id,
            id_length,
        );
    }

    fn read(&self, transport: u32) {
        steer(self.key, transport, READ);
    }

    fn abort(&self, transport: u32) {
        steer(self.key, transport, ABORT);
    }

    fn finish(&self, transport: u32) {
        steer(self.key, transport, FINISH);
    }
}
