//! A token's times (RFC 7519 section 2, NumericDate): seconds since the Unix epoch, fractions allowed.
//!
//! What no clock of the field will ever show is refused, not rounded: negative numbers, strings, and numbers past the year
//! 9999, which is what milliseconds taken for seconds come to. A date that is believed to lie in the year 56000 is a token
//! that never expires.

use serde_json::Value;
use std::time::Duration;

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const LAST: u64 = 253_402_300_799;

/// The time since the epoch; `None` if the value is no time.
#[must_use]
pub fn read(value: &Value) -> Option<Duration> {
    let date = match (value.as_u64(), value.as_f64()) {
        (Some(seconds), _) => Duration::from_secs(seconds),
        (None, Some(seconds)) => Duration::try_from_secs_f64(seconds).ok()?,
        (None, None) => return None,
    };
    (date <= Duration::from_secs(LAST)).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_and_fractional_seconds() {
        assert_eq!(read(&json!(0)), Some(Duration::ZERO));
        assert_eq!(
            read(&json!(1_700_000_000)),
            Some(Duration::from_secs(1_700_000_000))
        );
        assert_eq!(read(&json!(1.5)), Some(Duration::from_millis(1500)));
        assert_eq!(read(&json!(LAST)), Some(Duration::from_secs(LAST)));
    }

    #[test]
    fn what_no_clock_shows_is_no_time() {
        for value in [
            json!(-1),
            json!(-0.5),
            json!("1700000000"),
            json!(null),
            json!(true),
            json!([1]),
            json!(1_700_000_000_000u64),
            json!(u64::MAX),
            json!(1e300),
        ] {
            assert_eq!(read(&value), None, "{value}");
        }
    }
}
