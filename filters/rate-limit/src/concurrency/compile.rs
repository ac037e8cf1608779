//! From a policy of the document to a concurrency limit.
//!
//! What cannot be carried out refuses the document, as it does for rate limits.

use super::{
    limiter::{Limiter, Store},
    queue::Queue,
};
use crate::{key::ClientKey, tally::Tally};
use engine::{
    CompileContext,
    state::{Semaphore, StateError, StateId, Table, TableKey},
};
use policy_model::{
    condition::Matcher,
    document::{ConcurrencyLimitPolicy, Mode},
    model::{Inherited, Node},
};
use std::{rc::Rc, time::Duration};

/// Who waits longer has been given up by its client; a finding says so.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

const WAITS: [&str; 2] = [
    "steward_concurrency_waits_total",
    "steward_concurrency_wait_ms",
];

/// The limit; `None` if there is nothing to limit, or if it cannot be carried out, which is then reported. `state` is the
/// node whose state it uses.
pub(super) fn limiter(
    cx: &mut CompileContext<'_>,
    state: &Node,
    inherited: &Inherited<ConcurrencyLimitPolicy>,
) -> Option<Limiter> {
    let policy = &inherited.policy;
    let most = policy.max_concurrency?;
    let matcher = match Matcher::compile(&policy.conditions) {
        Ok(matcher) => Some(matcher),
        Err(invalid) => refuse(cx, &invalid.pointer, &invalid.reason),
    };
    let name: Rc<str> = inherited.label().into();
    let node = state.address.to_string();
    let store = store(cx, policy, identity(policy, &node, &name));
    let mut tally = Tally::new(
        &mut cx.metrics,
        "concurrency",
        &state.address.service,
        &name,
    );
    if policy.max_wait_ms > 0 {
        tally = tally.with_waits(&mut cx.metrics, WAITS);
    }
    Some(Limiter {
        store: store?,
        matcher: matcher?,
        most,
        is_shadow: policy.meta.mode == Mode::Shadow,
        patience: Duration::from_millis(policy.max_wait_ms).min(LONGEST_WAIT),
        queue: Queue::default(),
        tally,
        name,
    })
}

fn store(
    cx: &mut CompileContext<'_>,
    policy: &ConcurrencyLimitPolicy,
    id: StateId,
) -> Option<Store> {
    if policy.key.is_empty() {
        return Some(Store::Node(Semaphore::shared(id)));
    }
    let pointer = &*policy.meta.pointer;
    let key = match ClientKey::compile(&policy.key, policy.missing_key) {
        Ok(key) => key,
        Err((index, invalid)) => return refuse(cx, &format!("{pointer}/key/{index}"), &invalid),
    };
    // A refused document takes no room.
    if cx.report.is_refusal() {
        return None;
    }
    match table(cx, id) {
        Ok(table) => Some(Store::PerClient { key, table }),
        Err(error) => refuse(cx, pointer, &error),
    }
}

fn table(cx: &CompileContext<'_>, id: StateId) -> Result<Table, StateError> {
    let entries = cx.document.settings.state.entries_per_policy;
    Table::open(cx.host, &TableKey::agree(cx.host)?, id, entries.get())
}

fn refuse<T>(cx: &mut CompileContext<'_>, pointer: &str, why: &dyn ToString) -> Option<T> {
    cx.report.error(pointer, why.to_string());
    None
}

/// Whose state it is: what is counted, and what is counted apart. The number may change: who holds a permit under the old one
/// holds it under the new one.
fn identity(policy: &ConcurrencyLimitPolicy, node: &str, label: &str) -> StateId {
    let mut parts = vec!["concurrency".to_owned(), node.to_owned(), label.to_owned()];
    for part in &policy.key {
        parts.push(format!(
            "{} {} {} {}",
            part.kind, part.prefix_v4, part.prefix_v6, part.key
        ));
    }
    StateId::of(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}
