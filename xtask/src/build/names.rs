//! The names that the stack trace of a trap is read by.
//!
//! A symbol is a Rust path with all its generic arguments, which goes on for a kilobyte where an iterator is made of
//! iterators: unshortened, names are a fifth of a module. Types and traits that a function is generic over are left out.
//! What remains says where to look: module, type and function; of the standard library, whose modules are nobody's to
//! change, type and function.

/// Nothing above is written by hand.
const LONGEST_NAME: usize = 72;

/// Whose modules are left out.
const LIBRARY: [&str; 3] = ["core", "alloc", "std"];

/// A function's name, of its symbol.
pub(super) fn readable(symbol: &str) -> String {
    let path = format!("{:#}", rustc_demangle::demangle(symbol));
    let path = plain(path.split(".llvm.").next().unwrap_or_default());
    let path = match path.rsplit_once('.') {
        Some((before, number)) if number.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => &path,
    };
    without_modules(path).chars().take(LONGEST_NAME).collect()
}

/// `<a::B<C> as d::E>::f::<G>` is `a::B::f`, and so is `<impl d::E for a::B<C>>::f`.
fn plain(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path;
    while let Some(open) = rest.find('<') {
        plain.push_str(&rest[..open]);
        let (inside, after) = closed(&rest[open + 1..]);
        let implements = inside.strip_prefix("impl ");
        if implements.is_some()
            || !plain.ends_with(|c: char| c.is_alphanumeric() || ":_".contains(c))
        {
            let subject = subject(implements.unwrap_or(inside));
            if subject.contains("::") {
                plain.clear();
            }
            plain.push_str(&subject);
        } else {
            plain.truncate(plain.trim_end_matches(':').len());
        }
        rest = after;
    }
    plain + rest
}

/// The type of `d::E for a::B` or `a::B as d::E`.
fn subject(implementation: &str) -> String {
    let bare = plain(implementation);
    let (_, kind) = bare.split_once(" for ").unwrap_or(("", &bare));
    kind.split(" as ").next().unwrap_or_default().to_owned()
}

/// What stands before the bracket that closes, and behind it.
fn closed(text: &str) -> (&str, &str) {
    let mut depth = 1;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..at], &text[at + 1..]);
        }
        before = c;
    }
    (text, "")
}

/// `core::iter::adapters::map::Map::next` is `core::Map::next`.
fn without_modules(path: &str) -> String {
    let Some((root, inner)) = path.split_once("::") else {
        return path.to_owned();
    };
    let closures = inner.rsplit("::").take_while(|part| part.starts_with('{'));
    let kept = closures.count() + 2;
    match inner.rmatch_indices("::").nth(kept - 1) {
        Some((at, _)) if LIBRARY.contains(&root) => format!("{root}{}", &inner[at..]),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_either_kind_are_written_out() {
        for symbol in [
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "_RNvNtCs1234_4core9panicking5panic",
        ] {
            assert_eq!(readable(symbol), "core::panicking::panic");
        }
        assert_eq!(
            readable(
                "_ZN47_$LT$a..b..C$u20$as$u20$d..e..F$LT$g..H$GT$$GT$4call17h0123456789abcdefE"
            ),
            "a::b::C::call"
        );
        assert_eq!(readable("malloc"), "malloc");
        assert_eq!(readable("malloc.735"), "malloc");
    }

    #[test]
    fn a_name_tells_module_type_and_function_and_nothing_it_is_generic_over() {
        for (path, name) in [
            (
                "<a::b::C<d::E, fn() -> F> as g::H<I>>::call::<J>",
                "a::b::C::call",
            ),
            ("a::b::<impl d::E<F> for a::b::C<G>>::call", "a::b::C::call"),
            (
                "<&mut F as Fn<A>>::call::{{closure}}",
                "&mut F::call::{{closure}}",
            ),
            ("a::Root<P>::open", "a::Root::open"),
            ("a::b::<impl str>::call", "a::b::str::call"),
            (
                "policy_model::read::object::list::{{closure}}",
                "policy_model::read::object::list::{{closure}}",
            ),
        ] {
            assert_eq!(readable(path), name);
        }
    }

    #[test]
    fn of_the_standard_library_type_and_function_remain() {
        for (path, name) in [
            (
                "<core::iter::adapters::map::Map<I, F> as Iterator>::next",
                "core::Map::next",
            ),
            ("alloc::vec::Vec<T,A>::push", "alloc::Vec::push"),
            (
                "std::sys::thread::a::b::{{closure}}::{{closure}}",
                "std::a::b::{{closure}}::{{closure}}",
            ),
            (
                "core::ptr::drop_in_place<a::B<c::D>>",
                "core::ptr::drop_in_place",
            ),
        ] {
            assert_eq!(readable(path), name);
        }
    }

    #[test]
    fn no_name_is_very_long_or_breaks_the_tool() {
        assert_eq!(readable(&"é".repeat(500)).chars().count(), LONGEST_NAME);
        for broken in ["<", ">", "<<a", "a<b>>", "::", "<impl >", ""] {
            let _ = readable(broken);
        }
    }
}
