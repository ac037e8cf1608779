//! What every policy of a list has besides what it does: a name, a version, a switch.

use super::spelled::spelled;
use std::rc::Rc;

spelled! {
    /// Whether a policy's decision is carried out.
    #[derive(Default)]
    pub enum Mode {
        /// Decide and act.
        #[default]
        Enforce = "enforce",
        /// Decide, count, log, but let pass.
        Shadow = "shadow",
    }
}

spelled! {
    /// Which node holds a policy's state.
    #[derive(Default)]
    pub enum StateAt {
        /// The node that declares it: all that inherit it share it. A service's 100/s is 100/s for the service.
        #[default]
        Declared = "declared",
        /// Every node that inherits it counts for itself, as JoyLive does.
        Node = "node",
    }
}

/// Identity and switches of a policy in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyMeta {
    /// JoyLive's `id`; it names nothing here.
    pub id: Option<i64>,
    /// Its name; empty if it has none. A lane policy's is its lane space.
    pub name: String,
    /// Its version. A change of this alone changes nothing.
    pub version: i64,
    /// Whether it is there at all.
    pub enabled: bool,
    /// Whether it acts or only watches.
    pub mode: Mode,
    /// Where its state belongs.
    pub state_at: StateAt,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
    /// The entry is nothing but a name and `enabled: false`: in a list of only such entries it takes the policy of that
    /// name out of what is inherited.
    pub removal: bool,
}

// === impl PolicyMeta ===

impl Default for PolicyMeta {
    fn default() -> Self {
        Self {
            id: None,
            name: String::new(),
            version: 0,
            enabled: true,
            mode: Mode::default(),
            state_at: StateAt::default(),
            pointer: Rc::default(),
            removal: false,
        }
    }
}
