//! Points in time: as people write them (RFC 3339), or in seconds since the Unix epoch.
//!
//! A date without a time of day or without an offset is none: whoever writes `2027-01-01` and means his own midnight would
//! have a key that dies hours before. Leap seconds are taken for the second that follows, as POSIX does.

use super::value::{Mismatch, shown};
use crate::json::Json;

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write. What is above was meant in milliseconds.
const LAST: i64 = 253_402_300_799;

const DAY: i64 = 86_400;

/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;

/// Seconds since the Unix epoch. `""` is none, not an absent one: a template that was not filled in must not make a key
/// that never dies.
pub(super) fn timestamp(json: &Json) -> Result<Option<u64>, Mismatch> {
    let seconds = match json {
        Json::String(text) => rfc3339(text.as_bytes()),
        Json::Number(number) => number.as_i64(),
        other => return Err(Mismatch::expected("a time", other)),
    };
    let seconds = seconds.filter(|seconds| *seconds <= LAST);
    match seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(no_time(json)),
    }
}

fn no_time(json: &Json) -> Mismatch {
    let found = match json {
        Json::String(text) => shown(text),
        other => other.kind().to_owned(),
    };
    Mismatch::new(format!(
        "expected a time such as `2027-01-31T00:00:00Z` or seconds since 1970, found `{found}`"
    ))
}

/// RFC 3339 section 5.6, `date-time`. A fraction of a second is cut off.
fn rfc3339(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.split_at_checked(9)?;
    let [year, month, day] = fields(date, [0, 5, 8], [4, 2, 2], b"-")?;
    let [hour, minute, second] = fields(time, [1, 4, 7], [2, 2, 2], b":")?;
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    let starts = time.first().is_some_and(|t| b"Tt ".contains(t));
    if !is_date || !starts || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second;
    Some(local - offset(after_fraction(rest)?)?)
}

/// Three numbers at these places and of these lengths; `between` stands before the second and the third.
fn fields(text: &[u8], at: [usize; 3], length: [usize; 3], between: &[u8]) -> Option<[i64; 3]> {
    let mut numbers = [0; 3];
    for (number, (at, length)) in numbers.iter_mut().zip(at.into_iter().zip(length)) {
        *number = digits(text.get(at..at + length)?)?;
    }
    let separators = at.iter().skip(1).map(|at| text.get(at - 1..*at));
    separators
        .into_iter()
        .all(|found| found == Some(between))
        .then_some(numbers)
}

fn digits(text: &[u8]) -> Option<i64> {
    let all = text.iter().all(u8::is_ascii_digit);
    let number = text
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit & 0xf));
    all.then_some(number)
}

fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = text.strip_prefix(b".") else {
        return Some(text);
    };
    let end = fraction.iter().position(|byte| !byte.is_ascii_digit())?;
    if end > 0 { fraction.get(end..) } else { None }
}

/// Seconds that the writer's clock is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [h, hh, b':', m, mm] = rest else {
        return None;
    };
    let (hours, minutes) = (digits(&[*h, *hh])?, digits(&[*m, *mm])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Leap days before the year, the year 0 (a leap year) included.
    let before = year - 1;
    let leap = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let months: i64 = (1..month).map(|month| days_of(year, month)).sum();
    before * 365 + leap + months + day - 1 - EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Option<u64> {
        timestamp(&Json::parse(text.as_bytes()).unwrap()).unwrap_or_default()
    }

    /// RFC 3339 section 5.8 has the first ones; `date -u -d … +%s` says the same.
    #[test]
    fn dates_are_seconds() {
        for (written, seconds) in [
            ("1985-04-12T23:20:50.52Z", 482_196_050),
            ("1996-12-19T16:39:57-08:00", 851_042_397),
            ("1990-12-31T23:59:60Z", 662_688_000),
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00+00:00", 951_825_600),
            ("2024-03-01t00:00:00z", 1_709_251_200),
            ("2027-01-01 08:00:00+08:00", 1_798_761_600),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", LAST as u64),
        ] {
            assert_eq!(read(&format!("\"{written}\"")), Some(seconds), "{written}");
        }
        assert_eq!(read("1700000000"), Some(1_700_000_000));
    }

    #[test]
    fn what_is_no_point_in_time_is_refused() {
        for written in [
            "\"\"",
            "\"2027-01-01\"",
            "\"2027-01-01T00:00:00\"",
            "\"2027-02-29T00:00:00Z\"",
            "\"2100-02-29T00:00:00Z\"",
            "\"2027-13-01T00:00:00Z\"",
            "\"2027-01-00T00:00:00Z\"",
            "\"2027-01-01T24:00:00Z\"",
            "\"2027-01-01T00:60:00Z\"",
            "\"2027-01-01T00:00:00.Z\"",
            "\"2027-01-01T00:00:00+0800\"",
            "\"2027-01-01T00:00:00Zulu\"",
            "\"2027/01/01T00:00:00Z\"",
            "\"2027-01-01T00-00-00Z\"",
            "\"+027-01-01T00:00:00Z\"",
            "\"1969-12-31T23:59:59Z\"",
            "\"never\"",
            "\"1700000000\"",
            "1700000000000",
            "1.5",
            "-1",
            "true",
        ] {
            let json = Json::parse(written.as_bytes()).unwrap();
            assert!(timestamp(&json).is_err(), "{written}");
        }
    }
}
