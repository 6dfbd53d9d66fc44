//! What a response means, by its profile.

use super::{Error, ErrorKind, Millis, Response};
#[cfg(any(not(target_arch = "wasm32"), feature = "browser"))]
use crate::digits::number;
use crate::digits::{digits, saturating_number};
use crate::profiles::Spec;
use alloc::borrow::ToOwned;

/// What a response's head means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An event stream.
    Stream,
    /// 204: there is nothing, and the client shall not ask again.
    Ended,
    /// 401.
    Unauthorized(Error),
    /// It may go better later.
    Retry(Error),
    /// It will not.
    Final(Error),
}

/// The refusal of a response; `body` is its start.
pub(super) fn verdict(spec: &Spec, response: &Response, body: &str) -> Verdict {
    let status = response.status;
    let error = |kind, message: &[&str]| Error {
        status,
        body: body.to_owned(),
        ..Error::told(kind, message)
    };
    let refused = |what: &str| {
        let message = ["the server answered ", &digits(status.into()), what];
        error(ErrorKind::Status, &message)
    };
    match status {
        204 => Verdict::Ended,
        // EventSource hides the status, and only tells of a stream that is open.
        0 => Verdict::Stream,
        200 if is_event_stream(&response.content_type) => Verdict::Stream,
        200 => Verdict::Final(error(
            ErrorKind::ContentType,
            &match response.content_type.as_str() {
                "" => [NO_CONTENT_TYPE, "", ""],
                other => ["the response is '", other, "', not text/event-stream"],
            },
        )),
        401 => Verdict::Unauthorized(refused(": the token was missing or refused")),
        _ if spec.gone.contains(&status) => Verdict::Final(refused(": what was asked for is gone")),
        408 | 425 | 429 | 500..=599 => Verdict::Retry(refused("")),
        _ => Verdict::Final(refused("")),
    }
}

const NO_CONTENT_TYPE: &str =
    "the response has no content type; an event stream is text/event-stream";

fn is_event_stream(content_type: &str) -> bool {
    let mut parts = content_type.as_bytes().split(|&byte| byte == b';');
    let essence = parts.next().unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case(b"text/event-stream")
}

/// Milliseconds that `Retry-After` asks for: seconds, or a date against the response's own date,
/// since the two clocks may differ.
pub(super) fn retry_after(response: &Response) -> Option<Millis> {
    let value = response.retry_after.trim_ascii();
    if let Some(seconds) = saturating_number(value.as_bytes()) {
        return Some(match seconds <= Millis::MAX / 1_000 {
            true => seconds * 1_000,
            false => Millis::MAX,
        });
    }
    let (then, now) = (http_date(value)?, http_date(response.date.trim_ascii())?);
    Some(then.saturating_sub(now).saturating_mul(1_000))
}

/// In the npm package, JavaScript has read the date: it comes as seconds.
#[cfg(all(target_arch = "wasm32", not(feature = "browser")))]
fn http_date(_: &str) -> Option<u64> {
    None
}

/// Seconds since 1970 of a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[cfg(any(not(target_arch = "wasm32"), feature = "browser"))]
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let text = text.as_bytes();
    let at = |start: usize, end: usize| number(text.get(start..end)?);
    let (day, year) = (at(5, 7)?, at(12, 16)?);
    let month = MONTHS.chunks(3).position(|month| *month == text[8..11])? as u64;
    let (hour, minute, second) = (at(17, 19)?, at(20, 22)?, at(23, 25)?);
    let sound = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    (text.ends_with(b" GMT") && text.len() == 29 && year >= 1970 && sound).then_some(())?;
    // Days of the civil calendar, counted from March so that the leap day comes last.
    let (y, m) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (306 * m + 5) / 10 + day - 1;
    let since = days.checked_sub(719_468)?;
    Some(((since * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::plain;

    fn response(status: u16, content_type: &str) -> Response {
        Response {
            status,
            content_type: content_type.to_owned(),
            ..Response::default()
        }
    }

    #[test]
    fn an_event_stream_is_known_by_the_essence_of_its_type() {
        for (content_type, stream) in [
            ("text/event-stream", true),
            ("Text/Event-Stream;charset=utf-8", true),
            ("text/event-streams", false),
            ("application/json", false),
            ("", false),
        ] {
            let verdict = verdict(&plain::spec(), &response(200, content_type), "");
            assert_eq!(verdict == Verdict::Stream, stream, "{content_type}");
        }
    }

    #[test]
    fn what_may_get_better_is_told_from_what_will_not() {
        for (status, retry) in [
            (429, true),
            (503, true),
            (408, true),
            (403, false),
            (422, false),
            (301, false),
        ] {
            let verdict = verdict(&plain::spec(), &response(status, ""), "no");
            assert_eq!(matches!(verdict, Verdict::Retry(_)), retry, "{status}");
        }
    }

    #[test]
    fn a_wrong_content_type_is_named() {
        let Verdict::Final(error) = verdict(&plain::spec(), &response(200, "text/html"), "<p>")
        else {
            panic!("a page was taken for a stream");
        };
        assert_eq!(
            error.to_string(),
            "the response is 'text/html', not text/event-stream"
        );
        assert_eq!(error.body, "<p>");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_against_the_servers_own_clock() {
        let after = |value: &str, date: &str| {
            retry_after(&Response {
                retry_after: value.to_owned(),
                date: date.to_owned(),
                ..Response::default()
            })
        };
        assert_eq!(after("12", ""), Some(12_000));
        assert_eq!(after("0", ""), Some(0));
        assert_eq!(after("99999999999999999999", ""), Some(Millis::MAX));
        let (one, two) = (
            "Sun, 29 Feb 2032 23:59:30 GMT",
            "Mon, 01 Mar 2032 00:01:00 GMT",
        );
        assert_eq!(after(two, one), Some(90_000));
        assert_eq!(after(one, two), Some(0));
        assert_eq!(after(two, ""), None);
        assert_eq!(after("soon", one), None);
    }

    #[test]
    fn a_date_is_counted_from_1970() {
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777)
        );
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for other in [
            "Thu, 01 Jan 1970 00:00:00 UTC",
            "Thu, 00 Jan 1970 00:00:00 GMT",
            "Thu, 01 Jan",
            "",
        ] {
            assert_eq!(http_date(other), None, "{other}");
        }
    }
}
