//! What a request takes from its limit.

use policy_model::{
    condition::{Attributes, InvalidSource, Source},
    document,
};
use std::num::NonZeroU32;

/// How many permits a request takes.
#[derive(Clone, Debug)]
pub(crate) enum Cost {
    /// So many, always.
    Fixed(NonZeroU32),
    /// As many as the request's first value there says, if that is a number from 1 up; else one. Never more than `max`.
    Stated { source: Source, max: NonZeroU32 },
}

// === impl Cost ===

impl Cost {
    pub(crate) fn compile(cost: &document::Cost) -> Result<Self, InvalidSource> {
        Ok(match cost {
            document::Cost::Fixed(cost) => Self::Fixed(*cost),
            document::Cost::Stated { kind, key, max } => Self::Stated {
                source: Source::new(*kind, key)?,
                max: *max,
            },
        })
    }

    /// The least that a request can cost.
    pub(crate) fn least(&self) -> NonZeroU32 {
        match self {
            Self::Fixed(cost) => *cost,
            Self::Stated { .. } => NonZeroU32::MIN,
        }
    }

    pub(crate) fn of(&self, request: &dyn Attributes) -> NonZeroU32 {
        match self {
            Self::Fixed(cost) => *cost,
            Self::Stated { source, max } => {
                let mut stated = None;
                request.visit(source, &mut |value| {
                    stated = stated.or(Some(number(value)));
                });
                stated.flatten().unwrap_or(NonZeroU32::MIN).min(*max)
            }
        }
    }
}

/// A decimal number; one that is too large for the type is its maximum, since `max` is smaller anyway.
fn number(text: &[u8]) -> Option<NonZeroU32> {
    let digits = text.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add((digit - b'0').into());
    NonZeroU32::new(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Header(&'static [&'static str]);

    impl Attributes for Header {
        fn visit(&self, _: &Source, visit: &mut dyn FnMut(&[u8])) {
            self.0.iter().for_each(|value| visit(value.as_bytes()));
        }
    }

    #[test]
    fn a_stated_cost_is_believed_up_to_the_maximum() {
        let max = NonZeroU32::new(100).unwrap();
        let cost = Cost::Stated {
            source: Source::Header("x-cost".into()),
            max,
        };
        let of = |values| cost.of(&Header(values)).get();
        assert_eq!(of(&["7"]), 7);
        assert_eq!(of(&["99999999999999999999"]), 100);
        assert_eq!(of(&[]), 1);
        for nonsense in [&["0"], &["-5"], &["7x"], &[""], &["+3"]] {
            assert_eq!(of(nonsense), 1, "{nonsense:?}");
        }
        assert_eq!(of(&["nonsense", "50"]), 1, "the first value counts");
    }
}
