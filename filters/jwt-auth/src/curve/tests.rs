use super::*;
use crate::{algorithm::Algorithm, base64url, testing::Signer};
use proptest::prelude::*;

const CURVES: [(Curve, Algorithm); 3] = [
    (Curve::P256, Algorithm::Es256),
    (Curve::P384, Algorithm::Es384),
    (Curve::P521, Algorithm::Es512),
];

fn point(algorithm: Algorithm) -> [Vec<u8>; 2] {
    let jwk = Signer::of(algorithm, "k").jwk;
    ["x", "y"].map(|name| base64url::decode(jwk[name].as_str().unwrap()).unwrap())
}

#[test]
fn a_key_is_a_point_of_its_curve() {
    for (curve, algorithm) in CURVES {
        let [x, y] = point(algorithm);
        assert!(curve.public_key(&x, &y).is_some(), "{curve:?}");
        let mut beside = y.clone();
        *beside.last_mut().unwrap() ^= 1;
        assert!(curve.public_key(&x, &beside).is_none(), "{curve:?}");
        assert!(curve.public_key(&y, &x).is_none(), "{curve:?}");
        // The point at infinity has no coordinates; a favourite for standing in is the origin.
        let zero = vec![0; curve.length()];
        assert!(curve.public_key(&zero, &zero).is_none(), "{curve:?}");
    }
}

#[test]
fn a_coordinate_is_below_the_prime() {
    for (curve, algorithm) in CURVES {
        let [x, _] = point(algorithm);
        let prime = curve.numbers().prime;
        assert!(curve.public_key(&x, prime).is_none(), "{curve:?}");
        assert!(curve.public_key(&x, &vec![0xff; curve.length()]).is_none());
    }
}

#[test]
fn another_curves_point_is_none_of_this_one() {
    let [x, y] = point(Algorithm::Es384);
    assert!(Curve::P256.public_key(&x, &y).is_none());
    assert!(Curve::P256.public_key(&x[..32], &y[..32]).is_none());
}

#[test]
fn a_signatures_numbers_are_from_one_to_below_the_order() {
    for (curve, _) in CURVES {
        let order = curve.numbers().order.to_vec();
        let number = |last: u8| {
            let mut number = vec![0; curve.length()];
            *number.last_mut().unwrap() = last;
            number
        };
        let mut largest = order.clone();
        *largest.last_mut().unwrap() -= 1;
        let signature = |r: &[u8], s: &[u8]| curve.signature(&[r, s].concat());
        assert!(signature(&number(1), &largest).is_some());
        assert!(signature(&largest, &number(1)).is_some());
        let above = vec![0xff; curve.length()];
        for outside in [&number(0), &order, &above] {
            assert!(signature(outside, &number(1)).is_none(), "{curve:?}");
            assert!(signature(&number(1), outside).is_none(), "{curve:?}");
        }
        for length in [
            0,
            1,
            curve.length(),
            curve.length() * 2 - 1,
            curve.length() * 2 + 1,
        ] {
            assert!(curve.signature(&vec![1; length]).is_none(), "{length}");
        }
        // The right numbers as other formats have them.
        assert!(
            curve
                .signature(&der::ecdsa_signature(&largest, &largest))
                .is_none()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(x in any::<Vec<u8>>(), y in any::<Vec<u8>>()) {
        for (curve, _) in CURVES {
            let _ = curve.public_key(&x, &y);
            let _ = curve.signature(&x);
        }
    }
}
