//! State that all workers of one Envoy share.
//!
//! Envoy's shared data is the only memory that workers share. It is one map behind one mutex: no delete, no expiry, no
//! listing, and each doubling of the map stops every worker. So the number of keys is fixed beforehand and what expires is
//! reused in place:
//!
//! - a policy that counts one thing has a key of its own, a [`SharedCell`];
//! - a policy that counts clients apart has a [`Table`]: few keys, each a slot of up to [`SLOT_ENTRIES`] clients. All
//!   tables of a process together use at most 32,768 keys, whatever documents come and go;
//! - a policy that counts what goes on at once has a [`Semaphore`] in one of the two.
//!
//! A change depends on the old state alone: it answers a verdict and edits the state, or leaves it. It runs in a bounded
//! compare-and-swap loop and so may run several times; it must have no other effect.
//!
//! ```
//! use engine::state::{Form, StateId, Table, TableKey};
//! use host::{Host, Nanos, fake::FakeHost};
//!
//! let host = FakeHost::new();
//! let key = TableKey::agree(&host)?;
//! let table = Table::open(&host, &key, StateId::of(&[b"orders", b"one-each"]), 65_536)?;
//!
//! let once = |name: &[u8]| {
//!     let mut client = table.client();
//!     client.write(name);
//!     let address = table.address(&client, Form { number: 0, len: 1 });
//!     address.update(&host, host.now(), &mut |state| match state {
//!         [0] => {
//!             state.fill(1);
//!             (true, Some(Nanos(u64::MAX)))
//!         }
//!         _ => (false, None),
//!     })
//! };
//! assert!(once(b"ann")?.value.value);
//! assert!(!once(b"ann")?.value.value);
//! assert!(once(b"bob")?.value.value);
//! # Ok::<(), engine::state::StateError>(())
//! ```

mod cell;
mod hold;
mod id;
mod key;
mod pool;
mod slot;
mod table;

pub use cell::{Draft, MAX_TRIES, SharedCell, Snapshot, StateError, Updated};
pub use hold::{Acquired, DEAD_AFTER, Permit, Presence, RENEWAL, Semaphore};
pub use id::StateId;
pub use key::{TableKey, random_key};
pub use slot::SLOT_ENTRIES;
pub use table::{Address, ClientHasher, Edit, Form, Placed, Table};
