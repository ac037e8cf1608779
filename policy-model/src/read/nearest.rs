//! What was probably meant: the known word that is nearest to an unknown one.

/// The nearest of `known` if it is near enough to be what was meant.
///
/// Near is: the same but for case or a plural, or one edit in words of up to seven letters and two in longer ones; two
/// neighbours in the wrong order are one edit (optimal string alignment). A wider net catches other words: `authPolicy`
/// is three edits from `healthPolicy`.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = singular(word);
    let limit = if word.len() < 3 {
        0
    } else {
        (word.len() / 4).clamp(1, 2)
    };
    known
        .into_iter()
        .map(|candidate| (distance(&word, &singular(candidate)), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The word in lower case, without the ending of a plural.
fn singular(word: &str) -> String {
    let mut word = word.to_ascii_lowercase();
    if let Some(stem) = word.strip_suffix("ies") {
        word = format!("{stem}y");
    } else if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
        word.pop();
    }
    word
}

/// Edits between two words. Words of documents are short; a very long one is near nothing.
fn distance(left: &str, right: &str) -> usize {
    const LONGEST: usize = 64;
    if left.len() > LONGEST || right.len() > LONGEST {
        return LONGEST;
    }
    let right: Vec<char> = right.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (i, from) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut before = None;
        for (j, to) in right.iter().copied().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(LONGEST);
            let replaced = cell(&row, j) + usize::from(from != to);
            let edited = replaced.min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1);
            let swapped = last == Some(to) && before == Some(from);
            let swap = if swapped {
                cell(&above, j.wrapping_sub(1)) + 1
            } else {
                LONGEST
            };
            next.push(edited.min(swap));
            before = Some(to);
        }
        above = std::mem::replace(&mut row, next);
        last = Some(from);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn distances_count_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("nmae", "name"), 1);
        assert_eq!(distance("ab", "ba"), 1);
    }

    #[test]
    fn slips_are_recognized() {
        let known = [
            "requirement",
            "providers",
            "apiKeys",
            "rateLimitPolicies",
            "key",
        ];
        for (word, meant) in [
            ("requirment", Some("requirement")),
            ("Provider", Some("providers")),
            ("apikeys", Some("apiKeys")),
            ("rateLimitPolicy", Some("rateLimitPolicies")),
            ("keys", Some("key")),
            ("unrelated", None),
            ("k", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }

    #[test]
    fn other_words_are_not_taken_for_slips() {
        assert_eq!(
            nearest("authPolicy", ["healthPolicy", "lanePolicies", "livePolicy"]),
            None
        );
    }
}
