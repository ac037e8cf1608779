//! Reads faults on purpose.

use super::condition::conditions;
use super::meta::meta;
use super::object::Obj;
use crate::document::FaultInjectionPolicy;

pub(super) fn fault(o: &mut Obj) -> Option<FaultInjectionPolicy> {
    let meta = meta(o);
    Some(FaultInjectionPolicy {
        meta,
        fault_type: o.word("type"),
        percent: o.whole("percent").unwrap_or_default(),
        delay_time_ms: o.whole("delayTimeMs").unwrap_or_default(),
        error_code: o.filled("errorCode"),
        error_msg: o.text("errorMsg"),
        conditions: conditions(o),
    })
}
