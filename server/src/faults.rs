//! Faults of connections that otherwise behave as their system does: armed one by one, or drawn
//! from a seed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use hyper::{HeaderMap, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    body::{Drip, Stall},
    config::{Chaos, ChaosKind},
    control::ControlError,
    requests::Exchange,
    script::checked_headers,
    stream::Ending,
    systems::System,
};

/// A fault for the next matching requests, which are answered by their system all the same.
///
/// ```
/// use tidewire_server::{Ending, Fault, FaultKind, System};
///
/// // The next two connections to Dashtam are reset at byte 1,000 of their bodies.
/// let fault = Fault::of(
///     System::Dashtam,
///     FaultKind::Cut { how: Ending::Rst, after_bytes: 1_000 },
/// )
/// .times(2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only requests to this system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// Only requests for this path; a `*` at the end stands for any rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many requests it meets; 0 means every one until faults are cleared.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub fault: FaultKind,
}

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The socket is closed or reset before any byte of a response; the system is not asked.
    Refuse(Ending),
    /// Another answer in place of the system's.
    Answer {
        /// The status code, 200 to 599.
        status: u16,
        /// Header names and values, `Location` and `Retry-After` among them.
        #[serde(default)]
        headers: Map<String, Value>,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// The request waits for so many milliseconds before the system is asked.
    DelayMs(u64),
    /// The body ends at this byte.
    Cut {
        /// How it ends.
        #[serde(default = "fin")]
        how: Ending,
        /// Bytes of the body before it.
        #[serde(default)]
        after_bytes: u64,
    },
    /// The body is held back at this byte.
    Stall {
        /// Bytes of the body before it.
        #[serde(default)]
        after_bytes: u64,
        /// Milliseconds between comments that go on; none when null. They need the start of a
        /// line, so that the stall begins with the frame that this byte is in.
        #[serde(default)]
        comments_ms: Option<u64>,
        /// Milliseconds after which the body goes on; never when null.
        #[serde(default)]
        for_ms: Option<u64>,
    },
    /// The body goes out in pieces.
    Drip {
        /// Bytes of each piece.
        #[serde(default = "one_byte")]
        bytes: usize,
        /// Milliseconds after each piece.
        #[serde(default = "one_millisecond")]
        every_ms: u64,
    },
}

impl Fault {
    /// A fault of the next request to `system`.
    pub fn of(system: System, fault: FaultKind) -> Self {
        Self {
            system: Some(system),
            path: None,
            times: 1,
            fault,
        }
    }

    /// A fault of the next request for `path`.
    pub fn at(path: impl Into<String>, fault: FaultKind) -> Self {
        Self {
            system: None,
            path: Some(path.into()),
            times: 1,
            fault,
        }
    }

    /// Meets that many requests; 0 means every one.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn meets(&self, system: System, path: &str) -> bool {
        let path_fits = match self.path.as_deref() {
            None => true,
            Some(wanted) => match wanted.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == wanted,
            },
        };
        path_fits && self.system.is_none_or(|wanted| wanted == system)
    }

    fn check(&self) -> Result<(), ControlError> {
        if let FaultKind::Answer {
            status, headers, ..
        } = &self.fault
        {
            if !(200..=599).contains(status) {
                let why = format!("{status} is not in 200 to 599");
                return Err(ControlError::field("fault.answer.status", why));
            }
            checked_headers(headers.clone())
                .map_err(|error| ControlError::field("fault.answer", error))?;
        }
        Ok(())
    }
}

/// Faults that may wait in one namespace.
const MAX_FAULTS: usize = 10_000;

/// The faults of one namespace.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    armed: VecDeque<Fault>,
    /// Requests that chaos has drawn for.
    drawn: u64,
}

impl Faults {
    /// # Errors
    /// When too many wait already, and for an answer that cannot be given.
    pub(crate) fn arm(&self, fault: Fault) -> Result<(), ControlError> {
        fault.check()?;
        let mut inner = self.lock();
        if inner.armed.len() >= MAX_FAULTS {
            return Err(ControlError::bad_request(format!(
                "{MAX_FAULTS} faults wait already; DELETE /_tidewire/faults clears them"
            )));
        }
        inner.armed.push_back(fault);
        Ok(())
    }

    pub(crate) fn armed(&self) -> Vec<Fault> {
        self.lock().armed.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().armed.clear();
    }

    /// Chaos draws from its beginning again.
    pub(crate) fn restart_chaos(&self) {
        self.lock().drawn = 0;
    }

    /// What happens to this request: the first armed fault that meets it, else what chaos draws.
    pub(crate) fn take(&self, path: &str, chaos: Option<&Chaos>) -> Vec<FaultKind> {
        let Some(system) = System::of_path(path) else {
            return Vec::new();
        };
        let mut inner = self.lock();
        if let Some(place) = inner
            .armed
            .iter()
            .position(|fault| fault.meets(system, path))
        {
            let fault = &mut inner.armed[place];
            let kind = fault.fault.clone();
            if fault.times == 1 {
                inner.armed.remove(place);
            } else {
                fault.times = fault.times.saturating_sub(1);
            }
            return vec![kind];
        }
        let Some(chaos) = chaos else {
            return Vec::new();
        };
        inner.drawn += 1;
        draw(chaos, inner.drawn)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What chaos has for its request number `count`: the same for the same seed, whatever came before.
fn draw(chaos: &Chaos, count: u64) -> Vec<FaultKind> {
    let mut dice = Dice(chaos.seed ^ count.wrapping_mul(0xD1B5_4A32_D192_ED03));
    if dice.fraction() >= chaos.rate {
        return Vec::new();
    }
    let Some(kind) = dice.one_of(&chaos.kinds) else {
        return Vec::new();
    };
    let after_bytes = dice.below(chaos.max_bytes.saturating_add(1));
    match kind {
        ChaosKind::Fin | ChaosKind::Rst | ChaosKind::Clean => {
            kind.cut(after_bytes).into_iter().collect()
        }
        ChaosKind::Stall => {
            let stall = FaultKind::Stall {
                after_bytes,
                comments_ms: None,
                for_ms: chaos.stall_ms.map(|longest| 1 + dice.below(longest.max(1))),
            };
            // What goes on after a stall would go on for ever, and meet nothing more.
            let cuts: Vec<_> = chaos
                .kinds
                .iter()
                .filter_map(|kind| kind.cut(dice.below(chaos.max_bytes.saturating_add(1))))
                .collect();
            let cut = dice.one_of(&cuts);
            std::iter::once(stall).chain(cut).collect()
        }
        ChaosKind::Refuse => vec![FaultKind::Refuse(Ending::Fin)],
        ChaosKind::Unavailable => vec![FaultKind::Answer {
            status: 503,
            headers: Map::new(),
            body: "chaos".into(),
        }],
    }
}

impl ChaosKind {
    fn cut(self, after_bytes: u64) -> Option<FaultKind> {
        let how = match self {
            Self::Fin => Ending::Fin,
            Self::Rst => Ending::Rst,
            Self::Clean => Ending::Clean,
            Self::Stall | Self::Refuse | Self::Unavailable => return None,
        };
        Some(FaultKind::Cut { how, after_bytes })
    }
}

/// Steele, Lea and Flood's SplitMix64, from its published constants.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: u64) -> u64 {
        // The high half of a product is even enough for a test.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        let place = self.below(choices.len().max(1) as u64);
        choices.get(usize::try_from(place).ok()?).cloned()
    }

    /// From 0 to below 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Does what comes before the system is asked: answers in its place, or sets up the body's fate.
pub(crate) async fn meet(fault: FaultKind, exchange: &Arc<Exchange>) -> Option<Response> {
    match fault {
        FaultKind::Refuse(ending) => {
            exchange.refuse(ending);
            // The connection's task drops this future when it has closed the socket.
            std::future::pending().await
        }
        FaultKind::Answer {
            status,
            headers,
            body,
        } => Some(answer(status, headers, body)),
        FaultKind::DelayMs(delay) => {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            None
        }
        FaultKind::Cut { how, after_bytes } => {
            exchange.cut(how, Some(after_bytes));
            None
        }
        FaultKind::Stall {
            after_bytes,
            comments_ms,
            for_ms,
        } => {
            exchange.stall(Some(Stall {
                after: after_bytes,
                comments: comments_ms.map(|every| Duration::from_millis(every.max(1))),
                lasts: for_ms.map(Duration::from_millis),
            }));
            None
        }
        FaultKind::Drip { bytes, every_ms } => {
            exchange.drip(Some(Drip {
                bytes: bytes.max(1),
                every: Duration::from_millis(every_ms),
            }));
            None
        }
    }
}

fn answer(status: u16, headers: Map<String, Value>, body: String) -> Response {
    let mut response = Body::from(body).into_response();
    // Both were checked when the fault came in.
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let map: &mut HeaderMap = response.headers_mut();
    for (name, value) in checked_headers(headers).unwrap_or_default() {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::from_bytes(name.as_bytes()),
            header::HeaderValue::from_str(&value),
        ) {
            map.append(name, value);
        }
    }
    response
}

/// Whether a request can meet a fault at all: a preflight says nothing of the stream.
pub(crate) fn can_meet(method: &Method) -> bool {
    method == Method::GET || method == Method::POST
}

fn once() -> u32 {
    1
}

fn fin() -> Ending {
    Ending::Fin
}

fn one_byte() -> usize {
    1
}

fn one_millisecond() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PATH: &str = "/plain";

    fn cut(after_bytes: u64) -> FaultKind {
        FaultKind::Cut {
            how: Ending::Fin,
            after_bytes,
        }
    }

    #[test]
    fn a_fault_for_two_connections_meets_two_and_one_for_all_meets_all() {
        let faults = Faults::default();
        faults
            .arm(Fault::of(System::Plain, cut(1)).times(2))
            .unwrap();
        faults.arm(Fault::at("/pl*", cut(2)).times(0)).unwrap();
        assert_eq!(faults.take("/api/v1/events", None), []);
        let met: Vec<_> = (0..5).flat_map(|_| faults.take(PATH, None)).collect();
        assert_eq!(met, [cut(1), cut(1), cut(2), cut(2), cut(2)]);
        faults.clear();
        assert_eq!(faults.take(PATH, None), []);
    }

    #[test]
    fn the_same_seed_draws_the_same_chaos_and_another_draws_another() {
        let draws = |seed| -> Vec<_> {
            let faults = Faults::default();
            let chaos = Chaos {
                seed,
                rate: 0.5,
                ..Chaos::default()
            };
            (0..200).map(|_| faults.take(PATH, Some(&chaos))).collect()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        let met = draws(7).iter().filter(|faults| !faults.is_empty()).count();
        assert!((60..140).contains(&met), "{met} of 200");
    }

    #[test]
    fn chaos_of_rate_one_meets_all_with_every_kind_inside_its_bounds() {
        let chaos = Chaos {
            rate: 1.0,
            max_bytes: 10,
            ..Chaos::default()
        };
        let each: Vec<_> = (0..300).map(|count| draw(&chaos, count)).collect();
        assert!(each.iter().all(|faults| !faults.is_empty()));
        let stalls_for_good = each
            .iter()
            .any(|faults| matches!(faults[..], [FaultKind::Stall { .. }]));
        assert!(!stalls_for_good, "a stall is followed by a cut");
        let draws: Vec<_> = each.concat();
        for how in [Ending::Fin, Ending::Rst, Ending::Clean] {
            for at in 0..=10 {
                let cut = FaultKind::Cut {
                    how,
                    after_bytes: at,
                };
                assert!(draws.contains(&cut), "{cut:?}");
            }
        }
        let has = |test: fn(&FaultKind) -> bool| draws.iter().any(test);
        assert!(has(|kind| matches!(kind, FaultKind::Stall { .. })));
        assert!(has(|kind| matches!(kind, FaultKind::Refuse(_))));
        assert!(has(|kind| matches!(kind, FaultKind::Answer { .. })));
        let beyond = |kind: &FaultKind| {
            matches!(kind, FaultKind::Cut { after_bytes, .. } | FaultKind::Stall { after_bytes, .. }
                if *after_bytes > 10)
        };
        assert!(!draws.iter().any(beyond));
    }

    #[test]
    fn an_answer_that_cannot_be_given_is_refused_by_name() {
        for (answer, wrong) in [
            (json!({"status": 99}), "status"),
            (
                json!({"status": 503, "headers": {"retry-after": 1}}),
                "retry-after",
            ),
        ] {
            let fault = json!({"system": "plain", "fault": {"answer": answer}});
            let fault: Fault = serde_json::from_value(fault).unwrap();
            let error = Faults::default().arm(fault).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
