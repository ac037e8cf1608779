//! Where a limit's state lies: in one shared value, or in a table with an entry for each client.

use engine::state::{Address, NewEntry, Placed, SharedCell, Snapshot, StateError, Table, Updated};
use host::{Host, Nanos};

/// The state of a policy.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// One bucket for the node.
    Shared(SharedCell),
    /// One for each client.
    PerClient(Table),
}

/// The state of one policy and client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot<'s> {
    Shared(&'s SharedCell),
    Client(Address),
}

// === impl Store ===

impl Store {
    /// The state of a client, or the only one.
    pub(crate) fn spot(&self, client: &[u8]) -> Spot<'_> {
        match self {
            Self::Shared(cell) => Spot::Shared(cell),
            Self::PerClient(table) => Spot::Client(table.address(client)),
        }
    }

    pub(crate) fn is_per_client(&self) -> bool {
        matches!(self, Self::PerClient(_))
    }
}

// === impl Spot ===

impl Spot<'_> {
    pub(crate) fn read(&self, host: &dyn Host) -> Result<Snapshot, StateError> {
        match self {
            Self::Shared(cell) => cell.read(host),
            Self::Client(address) => address.read(host),
        }
    }

    /// The state in what was read.
    pub(crate) fn state<'n>(&self, snapshot: &'n Snapshot, now: Nanos) -> Option<&'n [u8]> {
        match self {
            Self::Shared(_) => snapshot.bytes(),
            Self::Client(address) => address.state(snapshot, now),
        }
    }

    /// Changes the state, the first time based on what was read.
    pub(crate) fn update_from<R>(
        &self,
        host: &dyn Host,
        snapshot: Snapshot,
        now: Nanos,
        mut change: impl FnMut(Option<&[u8]>) -> (R, Option<NewEntry>),
    ) -> Result<Updated<Placed<R>>, StateError> {
        match self {
            Self::Shared(cell) => cell.update_from(host, snapshot, |state| {
                let (value, new) = change(state);
                (
                    Placed {
                        value,
                        overflowed: false,
                    },
                    new.map(|new| new.state),
                )
            }),
            Self::Client(address) => address.update_from(host, snapshot, now, change),
        }
    }
}
