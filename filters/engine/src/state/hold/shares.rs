//! Who holds how many permits of one limit.
//!
//! A count alone could not be put right after a crash: nobody would know how much of it was the dead worker's. So it is
//! kept in shares, one for each VM that holds permits, and what the dead hold is free. Whether a VM lives is asked only when
//! something hangs on it: a count that is not reached needs no roll call.
//!
//! Bytes: `[version][flags]`, then for each share `[worker: u16][id: u64][count: u32]`, all little endian. A value of another
//! version or length holds nothing.

use super::Member;

/// The permits of one limit that are out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::state) struct Shares {
    /// The client may hold permits among the strangers of its slot too: they count against it as long as there are any.
    pub(in crate::state) is_cautious: bool,
    list: Vec<Share>,
}

/// Whether a VM lives.
pub(in crate::state) type Alive<'a> = &'a mut dyn FnMut(Member) -> bool;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    member: Member,
    count: u32,
}

const VERSION: u8 = 1;
const CAUTIOUS: u8 = 1;
const SHARE: usize = 14;

/// From so many shares on the dead are looked for before another is added, so that a VM that crashes again and again cannot
/// fill a limit that nobody reaches.
const CROWD: usize = 16;

// === impl Shares ===

impl Shares {
    pub(in crate::state) fn decode(bytes: &[u8]) -> Self {
        let Some((&[VERSION, flags], shares)) = bytes.split_first_chunk() else {
            return Self::default();
        };
        if shares.len() % SHARE != 0 {
            return Self::default();
        }
        Self {
            is_cautious: flags & CAUTIOUS != 0,
            list: shares.chunks_exact(SHARE).filter_map(share).collect(),
        }
    }

    pub(in crate::state) fn encode(&self, to: &mut Vec<u8>) {
        to.extend([VERSION, u8::from(self.is_cautious) * CAUTIOUS]);
        for Share { member, count } in &self.list {
            to.extend(member.worker.to_le_bytes());
            to.extend(member.id.to_le_bytes());
            to.extend(count.to_le_bytes());
        }
    }

    /// The length of the encoded state.
    pub(in crate::state) fn encoded_len(&self) -> usize {
        2 + self.list.len() * SHARE
    }

    /// Permits that are out, those of the dead too.
    pub(in crate::state) fn sum(&self) -> u32 {
        let counts = self.list.iter().map(|share| share.count);
        counts.fold(0, u32::saturating_add)
    }

    pub(in crate::state) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Frees what the dead hold.
    pub(in crate::state) fn bury(&mut self, alive: Alive<'_>) {
        self.list.retain(|share| alive(share.member));
    }

    /// One permit more for `me`, if fewer than `most` are out.
    pub(in crate::state) fn take(&mut self, me: Member, most: u32, alive: Alive<'_>) -> bool {
        if self.sum() >= most {
            self.bury(alive);
        }
        if self.sum() >= most {
            return false;
        }
        if let Some(share) = self.list.iter_mut().find(|share| share.member == me) {
            share.count += 1;
            return true;
        }
        if self.list.len() >= CROWD {
            self.bury(alive);
        }
        self.list.push(Share {
            member: me,
            count: 1,
        });
        true
    }

    /// One permit less for `me`; `false` if it has none here any more, having been taken for dead.
    pub(in crate::state) fn give_back(&mut self, me: Member) -> bool {
        let Some(share) = self.list.iter_mut().find(|share| share.member == me) else {
            return false;
        };
        share.count -= 1;
        self.list.retain(|share| share.count > 0);
        true
    }
}

fn share(bytes: &[u8]) -> Option<Share> {
    let (worker, rest) = bytes.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let count = u32::from_le_bytes(rest.try_into().ok()?);
    let member = Member {
        worker: u16::from_le_bytes(*worker),
        id: u64::from_le_bytes(*id),
    };
    (count > 0).then_some(Share { member, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Member = Member { worker: 0, id: 7 };
    const BOB: Member = Member { worker: 1, id: 9 };

    fn everyone(_: Member) -> bool {
        true
    }

    fn taken(members: &[Member]) -> Shares {
        let mut shares = Shares::default();
        for member in members {
            assert!(shares.take(*member, u32::MAX, &mut everyone));
        }
        shares
    }

    fn encoded(shares: &Shares) -> Vec<u8> {
        let mut bytes = Vec::new();
        shares.encode(&mut bytes);
        bytes
    }

    #[test]
    fn no_more_than_the_most_are_out() {
        let mut shares = taken(&[ANN, BOB, ANN]);
        assert!(!shares.take(BOB, 3, &mut everyone));
        assert!(shares.give_back(ANN) && shares.take(BOB, 3, &mut everyone));
        assert_eq!(shares.sum(), 3);
    }

    #[test]
    fn the_dead_are_looked_for_only_where_it_matters() {
        let mut shares = taken(&[ANN, ANN, BOB]);
        assert!(shares.take(BOB, 4, &mut |_| panic!("nobody asked")));
        assert!(shares.take(BOB, 4, &mut |member| member == BOB));
        assert_eq!(shares.sum(), 3, "what the dead held is free");
        assert!(!shares.give_back(ANN), "and cannot be given back again");
    }

    #[test]
    fn a_vm_that_crashes_again_and_again_leaves_no_crowd() {
        let mut shares = Shares::default();
        for id in 0..1_000 {
            let me = Member { worker: 0, id };
            assert!(shares.take(me, u32::MAX, &mut |member| member == me));
            assert!(shares.list.len() <= CROWD);
        }
    }

    #[test]
    fn bytes_and_back() {
        let mut shares = taken(&[ANN, BOB, BOB]);
        shares.is_cautious = true;
        let bytes = encoded(&shares);
        assert_eq!(bytes.len(), shares.encoded_len());
        assert_eq!(Shares::decode(&bytes), shares);
    }

    #[test]
    fn what_is_not_its_own_holds_nothing() {
        let good = encoded(&taken(&[ANN]));
        let mut newer = good.clone();
        newer[0] = 2;
        for bytes in [&newer[..], &good[..9], &[], &[1]] {
            assert_eq!(Shares::decode(bytes), Shares::default(), "{bytes:?}");
        }
    }
}
