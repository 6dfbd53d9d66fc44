//! Times as Python's `datetime.isoformat()` writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `2026-04-16T19:30:05.123456`: no zone, as `datetime.now()` gives it. The
/// test server's local time is UTC.
pub(crate) fn naive(time: SystemTime) -> String {
    isoformat(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// `2026-04-16T19:30:05.123456+00:00`: as `datetime.now(timezone.utc)` gives it.
pub(crate) fn utc(time: SystemTime) -> String {
    naive(time) + "+00:00"
}

fn isoformat(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match since_epoch.subsec_micros() {
        // Python leaves the fraction out when it is nought.
        0 => text,
        micros => format!("{text}.{micros:06}"),
    }
}

/// Year, month and day of the Gregorian calendar, counted in eras of 400 years
/// that begin on 1 March, so that the leap day is the last of its year.
fn civil_date(days_since_epoch: u64) -> (u64, u64, u64) {
    const DAYS_FROM_MARCH_0000_TO_1970: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;
    let days = days_since_epoch + DAYS_FROM_MARCH_0000_TO_1970;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, micros: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, micros * 1000)
    }

    #[test]
    fn a_time_is_written_with_microseconds() {
        assert_eq!(
            naive(at(1_776_367_805, 123_456)),
            "2026-04-16T19:30:05.123456"
        );
        assert_eq!(
            utc(at(1_741_469_131, 120_934)),
            "2025-03-08T21:25:31.120934+00:00"
        );
    }

    #[test]
    fn a_whole_second_has_no_fraction() {
        assert_eq!(naive(at(0, 0)), "1970-01-01T00:00:00");
        assert_eq!(utc(at(951_782_400, 0)), "2000-02-29T00:00:00+00:00");
    }

    #[test]
    fn years_end_where_the_calendar_ends_them() {
        assert_eq!(naive(at(1_735_689_599, 0)), "2024-12-31T23:59:59");
        assert_eq!(naive(at(1_735_689_600, 0)), "2025-01-01T00:00:00");
    }
}
