//! What was probably meant: the known word that is nearest to an unknown one.

/// The nearest of `known` if it is near enough to be what was meant.
///
/// Near is: the same but for case or a plural, or one edit (Levenshtein) in words of up to seven letters and two in
/// longer ones. A wider net catches other words: `authPolicy` is three edits from `healthPolicy`.
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
    let mut word = word.to_lowercase();
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
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(right.chars()) {
            let here = (diagonal + usize::from(from != to))
                .min(before + 1)
                .min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            before = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
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
