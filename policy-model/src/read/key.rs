//! Reads what a limit counts apart, and what a request costs.

use super::condition::kind;
use super::limit::window;
use super::object::Obj;
use crate::document::{ConditionKind, Cost, KeyPart, LimitOverride};
use crate::json::Json;
use std::num::NonZeroU32;

pub(super) fn key_part(o: &mut Obj) -> Option<KeyPart> {
    o.guard();
    let key = o.text("key").unwrap_or_default();
    let prefix_v4 = o.whole("prefixV4");
    let prefix_v6 = o.whole("prefixV6");
    let kind = kind(o)?;
    if kind != ConditionKind::Ip && (prefix_v4.is_some() || prefix_v6.is_some()) {
        o.error(
            "",
            format!("`prefixV4` and `prefixV6` are for addresses, not for `{kind}`"),
        );
    }
    Some(KeyPart {
        kind,
        key,
        prefix_v4: within(o, "prefixV4", prefix_v4, KeyPart::DEFAULT_PREFIX_V4, 32),
        prefix_v6: within(o, "prefixV6", prefix_v6, KeyPart::DEFAULT_PREFIX_V6, 128),
    })
}

fn within(o: &mut Obj, name: &str, stated: Option<u8>, default: u8, most: u8) -> u8 {
    let bits = stated.unwrap_or(default);
    if (1..=most).contains(&bits) {
        return bits;
    }
    o.error(name, format!("{bits} is not between 1 and {most}"));
    default
}

/// Reads `cost`: a number, or an object that says where the request states it.
pub(super) fn cost(o: &mut Obj) -> Cost {
    match o.value("cost") {
        None => Cost::default(),
        Some((_, Json::Object(_))) => o.object("cost", stated).flatten().unwrap_or_default(),
        Some(_) => o.whole("cost").map_or_else(Cost::default, Cost::Fixed),
    }
}

fn stated(o: &mut Obj) -> Option<Cost> {
    o.guard();
    let key = o.text("key").unwrap_or_default();
    let max = o.whole::<NonZeroU32>("max");
    if o.value("max").is_none() {
        o.error("", "`max` is missing: a request could state any cost");
    }
    Some(Cost::Stated {
        kind: kind(o)?,
        key,
        max: max?,
    })
}

pub(super) fn limit_override(o: &mut Obj) -> Option<LimitOverride> {
    o.guard();
    let over = LimitOverride {
        matches: o.texts("match").unwrap_or_default(),
        sliding_windows: o.list("slidingWindows", window),
    };
    if over.matches.is_empty() || over.sliding_windows.is_empty() {
        o.error("", "an override needs `match` and `slidingWindows`");
    }
    Some(over)
}
