//! Changing a cell in the bytes that this VM still has of it: no read, and no copy.

use super::{MAX_TRIES, SharedCell, Snapshot, StateError, Updated, read};
use host::{Expected, Host, Versioned};

/// What a change answered, and the value after it where this VM can tell its version.
type Edited<R> = (R, Option<Snapshot>);

// === impl SharedCell ===

impl SharedCell {
    /// As [`update_from`](Self::update_from), but `change` owns the bytes and may return them edited. Beside the answer comes
    /// what was stored, to base the next change on; `None` if nothing was, or if the host's versions cannot be told.
    pub fn edit_from<R>(
        &self,
        host: &dyn Host,
        mut snapshot: Snapshot,
        mut change: impl FnMut(Option<Vec<u8>>) -> (R, Option<Vec<u8>>),
    ) -> Result<(Updated<R>, Option<Snapshot>), StateError> {
        for retries in 0..MAX_TRIES {
            if retries > 0 {
                snapshot = read(host, &self.name)?;
            }
            let tried = attempt(host, &self.name, std::mem::take(&mut snapshot), &mut change)?;
            if let Some((value, stored)) = tried {
                return Ok((Updated { value, retries }, stored));
            }
        }
        Err(StateError::Contended)
    }

    /// A single try on a snapshot from some time ago; `None` if the value may be another by now.
    ///
    /// That is no retry in the sense of `steward_state_cas_retries_total`: nobody was faster between a read and its write,
    /// there was no read.
    pub fn try_edit<R>(
        &self,
        host: &dyn Host,
        snapshot: Snapshot,
        change: impl FnOnce(Option<Vec<u8>>) -> (R, Option<Vec<u8>>),
    ) -> Result<Option<Edited<R>>, StateError> {
        attempt(host, &self.name, snapshot, change)
    }
}

fn attempt<R>(
    host: &dyn Host,
    name: &[u8],
    snapshot: Snapshot,
    change: impl FnOnce(Option<Vec<u8>>) -> (R, Option<Vec<u8>>),
) -> Result<Option<Edited<R>>, StateError> {
    let (bytes, expected) = match snapshot.0 {
        Some(Versioned { bytes, cas }) => (Some(bytes), Expected::Version(cas)),
        None => (None, Expected::Absent),
    };
    let (value, new) = change(bytes);
    let Some(bytes) = new.filter(|new| !new.is_empty()) else {
        return Ok(Some((value, None)));
    };
    if !host.shared_swap(name, &bytes, expected)? {
        return Ok(None);
    }
    let version = host.newest_version();
    let stored = version.map(|cas| Snapshot(Some(Versioned { bytes, cas })));
    Ok(Some((value, stored)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::StateId;
    use host::fake::FakeHost;

    fn cell(name: &[u8]) -> SharedCell {
        SharedCell::new(StateId::of(&[name]))
    }

    /// Counts up.
    fn count(bytes: Option<Vec<u8>>) -> (u8, Option<Vec<u8>>) {
        let next = bytes.and_then(|bytes| bytes.first().copied());
        let next = next.map_or(1, |count| count + 1);
        (next, Some(vec![next]))
    }

    /// Counts once by a read, and again and again on what is kept of it; answers how often that was won.
    fn count_on(host: &FakeHost, cell: &SharedCell, between: impl Fn()) -> usize {
        cell.edit_from(host, cell.read(host).unwrap(), count)
            .unwrap();
        let read = cell.read(host).unwrap();
        let (_, mut kept) = cell.edit_from(host, read, count).unwrap();
        let mut won = 0;
        for _ in 0..5 {
            between();
            let Some((_, stored)) = cell.try_edit(host, kept.unwrap(), count).unwrap() else {
                break;
            };
            (kept, won) = (stored, won + 1);
        }
        won
    }

    #[test]
    fn a_worker_alone_needs_no_second_read() {
        let host = FakeHost::new();
        let mine = cell(b"mine");
        assert_eq!(count_on(&host, &mine, || {}), 5);
        let between = || {
            cell(b"other")
                .update(&host, |_| ((), Some(vec![1])))
                .unwrap();
        };
        assert_eq!(
            count_on(&host, &mine, between),
            5,
            "its own writes elsewhere are known"
        );
    }

    #[test]
    fn another_workers_write_is_never_overwritten() {
        for (wrote, won) in [(&b"mine"[..], 0), (b"other", 1)] {
            let host = FakeHost::new();
            let rival = host.another_worker();
            let between = || {
                cell(wrote)
                    .edit_from(&rival, cell(wrote).read(&rival).unwrap(), count)
                    .unwrap();
            };
            assert_eq!(count_on(&host, &cell(b"mine"), between), won);
            let counted = host.shared().get(&cell(b"mine").name).unwrap().bytes;
            assert_eq!(counted, [3]);
        }
    }

    /// However many writes come between: the version that is hoped for may be reached, but not by another's write.
    #[test]
    fn a_version_is_never_mistaken() {
        for others in 1..20 {
            let host = FakeHost::new();
            let (rival, mine) = (host.another_worker(), cell(b"mine"));
            let late = host.another_worker();
            mine.edit_from(&host, Snapshot::default(), count).unwrap();
            let read = mine.read(&host).unwrap();
            host.shared().before_next_swap(move || {
                for _ in 0..3 {
                    cell(b"other")
                        .update(&late, |_| ((), Some(vec![1])))
                        .unwrap();
                }
            });
            let (_, kept) = mine.edit_from(&host, read, count).unwrap();
            for _ in 0..others {
                mine.edit_from(&rival, mine.read(&rival).unwrap(), count)
                    .unwrap();
            }
            assert!(
                mine.try_edit(&host, kept.unwrap(), count)
                    .unwrap()
                    .is_none()
            );
        }
    }
}
