//! The little protobuf that Envoy's foreign functions and metadata headers speak: length-delimited fields and varints
//! (protobuf encoding, "Message Structure"). A code generator would bring a runtime larger than all of it.

const VARINT: u8 = 0;
const LENGTH_DELIMITED: u8 = 2;

/// A field of a message that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A number or a bool.
    Varint(u64),
    /// A string, bytes or a message.
    Bytes(&'a [u8]),
}

/// Appends a length-delimited field. `field` is below 16, so that its tag is one byte.
pub fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | LENGTH_DELIMITED);
    put_varint(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// The next field of a message and its number; `None` at the end, or where the rest cannot be read.
pub fn take_field<'a>(from: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = take_varint(from)?;
    let value = match tag as u8 & 7 {
        VARINT => Field::Varint(take_varint(from)?),
        LENGTH_DELIMITED => {
            let length = usize::try_from(take_varint(from)?).ok()?;
            let (bytes, rest) = from.split_at_checked(length)?;
            *from = rest;
            Field::Bytes(bytes)
        }
        _ => return None,
    };
    Some((tag >> 3, value))
}

/// Appends a number, seven bits to a byte.
pub fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number at the front; `None` at the end, or where there is none.
pub fn take_varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken() {
        let mut message = Vec::new();
        put_bytes(&mut message, 2, &[7; 300]);
        put_bytes(&mut message, 15, b"");
        let mut rest = message.as_slice();
        assert_eq!(take_field(&mut rest), Some((2, Field::Bytes(&[7; 300]))));
        assert_eq!(take_field(&mut rest), Some((15, Field::Bytes(b""))));
        assert_eq!(take_field(&mut rest), None);
    }

    #[test]
    fn a_length_beyond_the_end_is_the_end() {
        assert_eq!(take_field(&mut [0x0a, 0x05, 1].as_slice()), None);
        assert_eq!(
            take_field(&mut [0x08, 0x01].as_slice()),
            Some((1, Field::Varint(1)))
        );
    }
}
