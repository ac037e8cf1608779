use super::*;
use crypto_bigint::{
    BoxedUint, Odd, Resize as _,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use proptest::{collection::vec, prelude::*};

/// `number` in as many digits as the modulus has.
fn fitted(modulus: &Modulus, number: &[u8]) -> Vec<u8> {
    let digits = number.iter().rev().copied().chain(std::iter::repeat(0));
    let mut digits: Vec<u8> = digits.take(modulus.length()).collect();
    digits.reverse();
    digits
}

fn small(modulus: &Modulus, number: u64) -> Option<Residue> {
    modulus.residue(&fitted(modulus, &number.to_be_bytes()))
}

fn value(modulus: &Modulus, residue: &Residue) -> u64 {
    let digits = modulus.digits(residue);
    digits
        .iter()
        .fold(0, |sum, digit| sum << 8 | u64::from(*digit))
}

/// What `crypto-bigint` makes of it: a·b and aᵉ.
fn reference(modulus: &[u8], a: &[u8], b: &[u8], exponent: u32) -> [Vec<u8>; 2] {
    let modulus = BoxedUint::from_be_slice_vartime(modulus);
    let parameters = BoxedMontyParams::new_vartime(Odd::new(modulus).unwrap());
    let form = |digits: &[u8]| {
        let number = BoxedUint::from_be_slice_vartime(digits);
        let number = number.resize(parameters.bits_precision());
        BoxedMontyForm::new(number, &parameters)
    };
    let a = form(a);
    [a.mul(&form(b)), a.pow(&BoxedUint::from(exponent))]
        .map(|form| form.retrieve().to_be_bytes().into())
}

#[test]
fn only_odd_numbers_from_three_are_moduli() {
    for none in [&[] as &[u8], &[0], &[1], &[0, 0, 1], &[2], &[0xff, 0xfe]] {
        assert!(Modulus::new(none).is_none(), "{none:?}");
    }
    for (digits, bits) in [
        (&[3_u8] as &[u8], 2),
        (&[0, 0, 0, 0, 5], 3),
        (&[1, 0, 0, 0, 1], 33),
        (&[0xff; 256], 2048),
    ] {
        assert_eq!(Modulus::new(digits).unwrap().bits(), bits);
    }
}

#[test]
fn a_residue_is_below_the_modulus_and_of_its_length() {
    let modulus = Modulus::new(&[1, 0, 1]).unwrap();
    assert!(modulus.residue(&[1, 0, 0]).is_some());
    for outside in [
        &[1_u8, 0, 1] as &[u8],
        &[0xff; 3],
        &[1, 0],
        &[0, 1, 0, 0],
        &[],
    ] {
        assert!(modulus.residue(outside).is_none(), "{outside:?}");
    }
}

proptest! {
    #[test]
    fn small_numbers_are_calculated_as_the_machine_does(
        modulus in 1_u64.., a in any::<u64>(), b in any::<u64>(), exponent in 1_u32..,
    ) {
        let n = modulus | 1;
        prop_assume!(n > 1);
        let (a, b) = (a % n, b % n);
        let modulus = Modulus::new(&n.to_be_bytes()).unwrap();
        let (left, right) = (small(&modulus, a).unwrap(), small(&modulus, b).unwrap());
        let wide = |number: u64| u128::from(number);
        let times = |a: u64, b: u64| (wide(a) * wide(b) % wide(n)) as u64;
        prop_assert_eq!(value(&modulus, &left), a);
        prop_assert_eq!(value(&modulus, &modulus.sum(&left, &right)), ((wide(a) + wide(b)) % wide(n)) as u64);
        prop_assert_eq!(value(&modulus, &modulus.product(&left, &right)), times(a, b));
        let power = (0..32).rev().fold(1 % n, |power, bit| {
            let squared = times(power, power);
            if exponent >> bit & 1 == 1 { times(squared, a) } else { squared }
        });
        prop_assert_eq!(value(&modulus, &modulus.power(&left, exponent)), power);
    }

    #[test]
    fn large_numbers_are_calculated_as_crypto_bigint_does(
        mut n in vec(any::<u8>(), 1..300), a in vec(any::<u8>(), 300), b in vec(any::<u8>(), 300),
        ones in 0_usize..300, exponent in 1_u32..,
    ) {
        // Runs of ones and zeros are where carries go wrong.
        n.iter_mut().take(ones).for_each(|digit| *digit = 0xff);
        *n.last_mut().unwrap() |= 1;
        let Some(modulus) = Modulus::new(&n) else { return Ok(()) };
        let (a, b) = (fitted(&modulus, &a), fitted(&modulus, &b));
        let (Some(left), Some(right)) = (modulus.residue(&a), modulus.residue(&b)) else {
            return Ok(());
        };
        let [product, power] = reference(&n, &a, &b, exponent);
        let same = |residue: &Residue, reference: &[u8]| modulus.digits(residue) == fitted(&modulus, reference);
        prop_assert!(same(&left, &a));
        prop_assert!(same(&modulus.product(&left, &right), &product));
        prop_assert!(same(&modulus.power(&left, exponent), &power));
    }
}
