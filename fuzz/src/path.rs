//! A path in its normal spelling, against a walk over its decoded segments.

use crate::reference::percent_decoded;
use policy_model::target::NormalPath;

pub(crate) fn run(data: &[u8]) {
    let normal = NormalPath::new(data).ok();
    let ours = normal.as_ref().map(NormalPath::as_bytes);
    let naive = naive(data);
    assert_eq!(ours, naive.as_deref());
    let Some(normal) = naive else { return };
    let again = NormalPath::new(&normal).expect("a normal path is safe");
    assert!(
        again.is_borrowed(),
        "a normal path is its own normal spelling"
    );
    assert!(normal.is_ascii() && normal.starts_with(b"/"));
    assert!(!normal.windows(2).any(|pair| pair == b"//"));
    assert!(
        !normal
            .split(|byte| *byte == b'/')
            .any(|segment| matches!(segment, b"." | b".."))
    );
}

/// RFC 3986 sections 5.2.4 and 6.2.2 over decoded segments; none for what servers read differently.
fn naive(raw: &[u8]) -> Option<Vec<u8>> {
    let path = raw
        .split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap();
    if path.is_empty() {
        return Some(b"/".to_vec());
    }
    if path.len() > NormalPath::MAX_LENGTH || !is_readable(path) {
        return None;
    }
    let mut walked: Vec<Vec<u8>> = Vec::new();
    let segments: Vec<&[u8]> = path
        .strip_prefix(b"/")?
        .split(|byte| *byte == b'/')
        .collect();
    for (place, segment) in segments.iter().enumerate() {
        let is_last = place + 1 == segments.len();
        if segment.is_empty() && walked.is_empty() && !is_last {
            continue;
        }
        let name = percent_decoded(segment.split(|byte| *byte == b';').next().unwrap());
        let is_dots = name == b"." || name == b"..";
        match is_dots {
            true if segment.contains(&b';') => return None,
            true if name == b".." && walked.pop().is_some_and(|taken| taken.is_empty()) => {
                return None;
            }
            true if is_last => walked.push(Vec::new()),
            true => {}
            false => walked.push(name),
        }
    }
    Some(spelled(&walked))
}

/// Whether all bytes and escapes of a path mean the same to all servers.
fn is_readable(path: &[u8]) -> bool {
    let escapes = path.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let whole = |(at, _): (usize, &u8)| {
        let digits = path.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let bad = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
    let slashes = |text: &[u8]| text.iter().filter(|byte| **byte == b'/').count();
    let decoded = percent_decoded(path);
    escapes.into_iter().all(whole) && !decoded.iter().any(bad) && slashes(&decoded) == slashes(path)
}

fn spelled(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut path = String::new();
    for segment in segments {
        if !path.ends_with('/') {
            path.push('/');
        }
        for byte in segment {
            let stays = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(byte);
            match stays {
                true => path.push(char::from(*byte)),
                false => path.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    path.into_bytes()
}
