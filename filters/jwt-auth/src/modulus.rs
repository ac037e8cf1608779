//! Arithmetic modulo an odd number, in Montgomery's form: what an RSA signature and a point on a curve are checked with.
//!
//! Only public numbers come here, so no time depends on a secret and nothing needs to take constant time. That is what makes
//! code of our own reasonable: the `rsa` crate weighs 77 KiB in a module and `crypto-bigint` alone 47 KiB, since both also
//! serve private keys; the one operation needed here weighs three. It is held against `crypto-bigint` by the tests.
//!
//! The product is P. L. Montgomery's, "Modular multiplication without trial division" (1985), with the two passes over the
//! limbs in one (Koç, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996: FIOS).

use std::{cell::Cell, cmp::Ordering};

const LIMB_BITS: usize = 32;

/// An odd number to calculate by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Modulus {
    /// Lowest limb first, the highest one not zero.
    limbs: Box<[u32]>,
    /// `-1/n` modulo a limb.
    negative_inverse: u32,
    /// R² modulo n, with R = 2 to the power of all limbs' bits.
    r_squared: Residue,
}

/// A number below the modulus, times R.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Residue(Box<[u32]>);

// === impl Modulus ===

impl Modulus {
    /// A modulus from its big-endian digits; none if it is even or below 3.
    pub(crate) fn new(digits: &[u8]) -> Option<Self> {
        let mut limbs = limbs(digits, digits.len().div_ceil(4));
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        let lowest = *limbs.first()?;
        if lowest % 2 == 0 || (limbs.len() == 1 && lowest == 1) {
            return None;
        }
        let mut modulus = Self {
            negative_inverse: inverse(lowest).wrapping_neg(),
            r_squared: Residue(Box::default()),
            limbs: limbs.into(),
        };
        modulus.r_squared = modulus.square_of_r();
        Some(modulus)
    }

    /// Its length in bits.
    pub(crate) fn bits(&self) -> usize {
        let unused = self.limbs.last().map_or(0, |limb| limb.leading_zeros());
        self.limbs.len() * LIMB_BITS - unused as usize
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> usize {
        self.bits().div_ceil(8)
    }

    /// A number from its big-endian digits, [`Self::length`] of them; none if it is not below the modulus.
    pub(crate) fn residue(&self, digits: &[u8]) -> Option<Residue> {
        if digits.len() != self.length() {
            return None;
        }
        let number = limbs(digits, self.limbs.len());
        is_less(&number, &self.limbs)
            .then(|| self.product(&Residue(number.into()), &self.r_squared))
    }

    /// A residue's big-endian digits, [`Self::length`] of them.
    pub(crate) fn digits(&self, of: &Residue) -> Vec<u8> {
        let mut one = vec![0; self.limbs.len()];
        if let Some(lowest) = one.first_mut() {
            *lowest = 1;
        }
        let number = self.product(of, &Residue(one.into())).0;
        let mut digits = vec![0; self.length()];
        for (chunk, limb) in digits.rchunks_mut(4).zip(&number) {
            for (digit, own) in chunk.iter_mut().rev().zip(limb.to_le_bytes()) {
                *digit = own;
            }
        }
        digits
    }

    /// The sum of two residues.
    pub(crate) fn sum(&self, a: &Residue, b: &Residue) -> Residue {
        let (mut digits, mut carry) = (a.0.to_vec(), 0);
        for (digit, b) in digits.iter_mut().zip(&b.0) {
            let sum = u64::from(*digit) + u64::from(*b) + carry;
            (*digit, carry) = (sum as u32, sum >> LIMB_BITS);
        }
        self.reduced(digits, carry)
    }

    /// The product of two residues.
    pub(crate) fn product(&self, a: &Residue, b: &Residue) -> Residue {
        let mut sum = vec![0; self.limbs.len()];
        let mut top = 0;
        for a in &a.0 {
            top = self.add_product(&mut sum, top, *a, &b.0);
        }
        self.reduced(sum, top)
    }

    /// A residue to the power of `exponent`, which is not zero.
    pub(crate) fn power(&self, of: &Residue, exponent: u32) -> Residue {
        let mut power = of.clone();
        for bit in (0..exponent.checked_ilog2().unwrap_or_default()).rev() {
            power = self.product(&power, &power);
            if exponent >> bit & 1 == 1 {
                power = self.product(&power, of);
            }
        }
        power
    }

    /// `(sum + a·b + m·n) / 2³²`, where m makes the division come out even. `top` is the limb above `sum`, and so is what is
    /// returned: at most one bit.
    fn add_product(&self, sum: &mut [u32], top: u64, a: u32, b: &[u32]) -> u64 {
        let cells = Cell::from_mut(sum).as_slice_of_cells();
        let (Some(first), Some((b0, b)), Some((n0, n))) =
            (cells.first(), b.split_first(), self.limbs.split_first())
        else {
            return 0;
        };
        let wide = |sum: u32, a: u32, b: u32, carry: u64| {
            u64::from(sum) + u64::from(a) * u64::from(b) + carry
        };
        let by_a = wide(first.get(), a, *b0, 0);
        let m = (by_a as u32).wrapping_mul(self.negative_inverse);
        let by_m = wide(by_a as u32, m, *n0, 0);
        let (mut carry_a, mut carry_m) = (by_a >> LIMB_BITS, by_m >> LIMB_BITS);
        for (pair, (b, n)) in cells.windows(2).zip(b.iter().zip(n)) {
            let [to, from] = pair else { break };
            let by_a = wide(from.get(), a, *b, carry_a);
            let by_m = wide(by_a as u32, m, *n, carry_m);
            to.set(by_m as u32);
            (carry_a, carry_m) = (by_a >> LIMB_BITS, by_m >> LIMB_BITS);
        }
        let highest = top + carry_a + carry_m;
        if let Some(last) = cells.last() {
            last.set(highest as u32);
        }
        highest >> LIMB_BITS
    }

    /// A number below twice the modulus, `top` being its highest limb, made smaller than the modulus.
    fn reduced(&self, mut number: Vec<u32>, top: u64) -> Residue {
        if top != 0 || !is_less(&number, &self.limbs) {
            let mut borrow = false;
            for (digit, n) in number.iter_mut().zip(&self.limbs) {
                let (less, one) = digit.overflowing_sub(*n);
                let (less, two) = less.overflowing_sub(borrow.into());
                (*digit, borrow) = (less, one || two);
            }
        }
        Residue(number.into())
    }

    /// From the highest power of two below the modulus by doubling to 2ᵏ·R, k being the number of limbs; each squaring then
    /// doubles the exponent beside R, and five of them make k limbs' bits.
    fn square_of_r(&self) -> Residue {
        let (limbs, bits) = (self.limbs.len(), self.bits());
        let mut start = vec![0; limbs];
        if let Some(highest) = start.last_mut() {
            *highest = 1 << ((bits - 1) % LIMB_BITS);
        }
        let mut number = Residue(start.into());
        for _ in 0..limbs * LIMB_BITS - (bits - 1) + limbs {
            number = self.sum(&number, &number);
        }
        for _ in 0..LIMB_BITS.ilog2() {
            number = self.product(&number, &number);
        }
        number
    }
}

/// A key's modulus is no secret, but no one wants to read it.
impl std::fmt::Debug for Modulus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Modulus({} bits)", self.bits())
    }
}

/// `count` limbs from big-endian digits.
fn limbs(digits: &[u8], count: usize) -> Vec<u32> {
    let mut limbs = vec![0; count];
    for (limb, chunk) in limbs.iter_mut().zip(digits.rchunks(4)) {
        for digit in chunk {
            *limb = *limb << 8 | u32::from(*digit);
        }
    }
    limbs
}

/// Whether `a` is less than `b`, both of as many limbs.
fn is_less(a: &[u32], b: &[u32]) -> bool {
    a.iter().rev().cmp(b.iter().rev()) == Ordering::Less
}

/// `1/odd` modulo 2³², by Newton's iteration: three bits are right at the start, and each step doubles them.
fn inverse(odd: u32) -> u32 {
    (0..4).fold(odd, |inverse, _| {
        inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)))
    })
}

#[cfg(test)]
mod tests;
