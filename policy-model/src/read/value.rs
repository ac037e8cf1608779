//! From a JSON value to a typed one, as leniently as the model's own reader and no more.
//!
//! JoyLive's files are bound by a reader that turns `"5"` into 5, 500 into `"500"` and takes `""` for an unset number.
//! Files that rely on that exist, so the same is done here. What it would cut silently (2.7 to 2) is an error.

use super::nearest::nearest;
use crate::document::Spelled;
use crate::json::{self, Json};
use std::num::{NonZeroU32, NonZeroU64};

/// Why a value is not what was expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// What is wrong.
    pub(super) message: String,
    /// What was probably meant.
    pub(super) suggestion: Option<String>,
}

/// A whole number of a certain range.
pub(super) trait Whole: Sized {
    /// The least and the greatest.
    const RANGE: (i128, i128);

    /// The number, if it is in the range.
    fn whole(number: i128) -> Option<Self>;
}

macro_rules! whole {
    ($($int:ty),+) => { $(
        impl Whole for $int {
            const RANGE: (i128, i128) = (<$int>::MIN as i128, <$int>::MAX as i128);

            fn whole(number: i128) -> Option<Self> {
                number.try_into().ok()
            }
        }
    )+ };
}

macro_rules! whole_non_zero {
    ($($non_zero:ty: $int:ty),+) => { $(
        impl Whole for $non_zero {
            const RANGE: (i128, i128) = (1, <$int>::MAX as i128);

            fn whole(number: i128) -> Option<Self> {
                <$int>::try_from(number).ok().and_then(Self::new)
            }
        }
    )+ };
}

whole!(u8, u16, u32, u64, i32, i64);
whole_non_zero!(NonZeroU32: u32, NonZeroU64: u64);

// === impl Mismatch ===

impl Mismatch {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            suggestion: None,
        }
    }

    /// The value is of the wrong type.
    pub(super) fn expected(what: &str, found: &Json) -> Self {
        Self::new(format!("expected {what}, found {}", found.kind()))
    }
}

/// Text; numbers and booleans as they are written.
pub(super) fn text(json: &Json) -> Result<String, Mismatch> {
    match json {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(flag) => Ok(flag.to_string()),
        other => Err(Mismatch::expected("a string", other)),
    }
}

/// True or false; none for `""`.
pub(super) fn flag(json: &Json) -> Result<Option<bool>, Mismatch> {
    match json {
        Json::Bool(flag) => Ok(Some(*flag)),
        Json::String(text) if text.trim().is_empty() => Ok(None),
        Json::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(Some(true)),
        Json::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(Some(false)),
        Json::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        Json::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        other => Err(Mismatch::expected("true or false", other)),
    }
}

/// A whole number in a range, its ends included; none for `""`.
pub(super) fn within(json: &Json, range: (i128, i128)) -> Result<Option<i128>, Mismatch> {
    let number = match json {
        Json::Number(number) => {
            whole_number(number).ok_or_else(|| not_whole(&number.to_string()))?
        }
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => text.trim().parse().map_err(|_| not_whole(text))?,
        other => return Err(Mismatch::expected("a whole number", other)),
    };
    let (least, greatest) = range;
    if number < least {
        Err(Mismatch::new(format!("{number} is less than {least}")))
    } else if number > greatest {
        Err(Mismatch::new(format!("{number} is more than {greatest}")))
    } else {
        Ok(Some(number))
    }
}

fn whole_number(number: &serde_json::Number) -> Option<i128> {
    if let Some(whole) = number.as_i128() {
        return Some(whole);
    }
    // A float that is whole, `1e3` say. Beyond 2^53 its digits are not the text's any more.
    let float = number.as_f64()?;
    (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i128)
}

fn not_whole(found: &str) -> Mismatch {
    Mismatch::new(format!("expected a whole number, found `{}`", shown(found)))
}

/// A number; none for `""`.
pub(super) fn number(json: &Json) -> Result<Option<f64>, Mismatch> {
    let number = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) if text.trim().is_empty() => return Ok(None),
        Json::String(text) => json::number(text),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| Mismatch::expected("a number", json))
}

/// A word of the document, whatever its case.
pub(super) fn word<E: Spelled>(json: &Json) -> Result<E, Mismatch> {
    let Json::String(text) = json else {
        return Err(Mismatch::expected("a string", json));
    };
    E::spelled(text)
        .ok_or_else(|| unknown(text, E::SPELLINGS.iter().map(|(name, _)| *name).collect()))
}

#[inline(never)]
fn unknown(word: &str, known: Vec<&str>) -> Mismatch {
    Mismatch {
        message: format!("`{}` is none of {}", shown(word), known.join(", ")),
        suggestion: nearest(word, known).map(|meant| format!("did you mean `{meant}`?")),
    }
}

/// A piece of the document that goes into a message: not endless, no control characters.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Op, ServiceType};
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn whole<T: Whole>(json: &Json) -> Result<Option<T>, Mismatch> {
        within(json, T::RANGE).map(|number| number.and_then(T::whole))
    }

    #[test]
    fn numbers_are_read_from_numbers_and_texts() {
        for (written, read) in [
            ("5", 5),
            ("\"5\"", 5),
            ("5.0", 5),
            ("1e3", 1000),
            ("\" 7 \"", 7),
        ] {
            assert_eq!(whole::<u32>(&json(written)), Ok(Some(read)), "{written}");
        }
        assert_eq!(whole::<u32>(&json("\"\"")), Ok(None));
        assert_eq!(
            whole::<i64>(&json("\"2023120609580935201\"")),
            Ok(Some(2_023_120_609_580_935_201))
        );
    }

    #[test]
    fn numbers_that_would_be_cut_are_refused() {
        for written in [
            "2.7",
            "-1",
            "4294967296",
            "1e300",
            "\"x\"",
            "true",
            "[]",
            "{}",
        ] {
            assert!(whole::<u32>(&json(written)).is_err(), "{written}");
        }
        let error = whole::<NonZeroU32>(&json("0")).unwrap_err();
        assert_eq!(error.message, "0 is less than 1");
    }

    #[test]
    fn a_text_that_holds_a_number_is_one_and_no_other_is() {
        for (written, read) in [("\" 0.5 \"", 0.5), ("\"1e3\"", 1000.0), ("\"-2\"", -2.0)] {
            assert_eq!(number(&json(written)), Ok(Some(read)), "{written}");
        }
        assert_eq!(number(&json("\" \"")), Ok(None));
        for written in ["\"NaN\"", "\"inf\"", "\"1e999\"", "\"[1]\"", "\"1 2\""] {
            assert!(number(&json(written)).is_err(), "{written}");
        }
    }

    #[test]
    fn texts_are_read_from_scalars() {
        for (written, read) in [
            ("\"a\"", "a"),
            ("500", "500"),
            ("2.5", "2.5"),
            ("true", "true"),
        ] {
            assert_eq!(text(&json(written)).unwrap(), read);
        }
        assert!(text(&json("[\"a\"]")).is_err());
    }

    #[test]
    fn flags_are_read_from_their_spellings() {
        for (written, read) in [
            ("true", Some(true)),
            ("\"False\"", Some(false)),
            ("1", Some(true)),
            ("\"\"", None),
        ] {
            assert_eq!(flag(&json(written)), Ok(read), "{written}");
        }
        assert!(flag(&json("\"yes\"")).is_err());
        assert!(flag(&json("2")).is_err());
    }

    #[test]
    fn words_are_read_in_any_case_and_by_either_spelling() {
        assert_eq!(word::<Op>(&json("\"Equal\"")), Ok(Op::Equal));
        assert_eq!(word::<Op>(&json("\"NIN\"")), Ok(Op::NotIn));
        assert_eq!(
            word::<ServiceType>(&json("\"rpc_app\"")),
            Ok(ServiceType::RpcApp)
        );
    }

    #[test]
    fn an_unknown_word_names_the_known_ones_and_the_nearest() {
        let error = word::<Op>(&json("\"EQUALS\"")).unwrap_err();
        assert!(
            error
                .message
                .contains("`EQUALS` is none of EQUAL, eq, NOT_EQUAL"),
            "{}",
            error.message
        );
        assert_eq!(error.suggestion.unwrap(), "did you mean `EQUAL`?");
        assert!(word::<Op>(&json("\"\"")).is_err());
    }
}
