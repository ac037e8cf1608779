//! An object being read: what is asked of it is known, what nobody asked for is a finding.
//!
//! A reader states each member once, by asking for it; the set of known names, the aliases, the check for members that
//! nobody knows and the pointers of findings follow from that, so none of them can be forgotten for a field.
//!
//! A generic method is compiled anew for each type that is read, so it does no more than what needs the type.

mod leftover;

use super::value::{self, Mismatch, Whole};
use crate::document::Spelled;
use crate::finding::{Report, Severity};
use crate::json::Json;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;

/// Most objects have fewer members than this.
const MEMBERS: usize = 16;

/// An object being read. Names are given with their aliases, `"errorCodes|retryStatuses"`, first the one that counts.
pub(super) struct Obj<'j, 'r> {
    members: &'j [(String, Json)],
    pointer: String,
    known: Vec<&'static str>,
    guarded: bool,
    belongs: Vec<(&'static [&'static str], &'static str)>,
    defaulted: Vec<&'static str>,
    report: &'r mut Report,
}

// === impl Obj ===

impl<'j, 'r> Obj<'j, 'r> {
    /// Reads an object with `read`, then reports what it did not ask for. None if the value is not an object.
    pub(super) fn read<T>(
        json: &'j Json,
        pointer: String,
        report: &'r mut Report,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let mut object = Self::of(json, pointer, report)?;
        let value = read(&mut object);
        object.finish();
        Some(value)
    }

    #[inline(never)]
    fn of(json: &'j Json, pointer: String, report: &'r mut Report) -> Option<Self> {
        let Json::Object(members) = json else {
            report.error(pointer, Mismatch::expected("an object", json).message);
            return None;
        };
        Some(Self {
            members,
            pointer,
            known: Vec::with_capacity(MEMBERS),
            guarded: false,
            belongs: Vec::new(),
            defaulted: Vec::new(),
            report,
        })
    }

    /// A slip in a member's name is an error: without the member the document would protect less than it says.
    pub(super) fn guard(&mut self) {
        self.guarded = true;
    }

    /// Members of these names are errors: they belong in the member `home`, here they would do nothing.
    pub(super) fn belong(&mut self, names: &'static [&'static str], home: &'static str) {
        self.belongs.push((names, home));
    }

    /// JSON pointer of the object.
    pub(super) fn pointer(&self) -> Rc<str> {
        self.pointer.as_str().into()
    }

    /// Names of the members, in the order of the text.
    pub(super) fn names(&self) -> impl Iterator<Item = &'j str> + use<'j> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// The member's value, if it is stated: null is not.
    pub(super) fn value(&mut self, names: &'static str) -> Option<(&'static str, &'j Json)> {
        let mut found: Option<(&'static str, &'j Json)> = None;
        for name in names.split('|') {
            self.known.push(name);
            let Some(json) = self.last(name).filter(|json| **json != Json::Null) else {
                continue;
            };
            match found {
                None => found = Some((name, json)),
                Some((kept, other)) if other != json => self.error(
                    name,
                    format!("`{name}` is another name of `{kept}`, which says something else"),
                ),
                Some(_) => {}
            }
        }
        found
    }

    /// Text.
    pub(super) fn text(&mut self, names: &'static str) -> Option<String> {
        self.scalar(names, |json| value::text(json).map(Some))
    }

    /// Text that says something.
    pub(super) fn filled(&mut self, names: &'static str) -> Option<String> {
        self.text(names).filter(|text| !text.is_empty())
    }

    /// True or false.
    pub(super) fn flag(&mut self, names: &'static str) -> Option<bool> {
        self.scalar(names, value::flag)
    }

    /// A whole number.
    pub(super) fn whole<T: Whole>(&mut self, names: &'static str) -> Option<T> {
        self.within(names, T::RANGE).and_then(T::whole)
    }

    /// Whether a member is there that is not blank, `""`, which is taken as not stated.
    pub(super) fn says(&mut self, names: &'static str) -> bool {
        let blank = |json: &Json| matches!(json, Json::String(text) if text.trim().is_empty());
        self.value(names).is_some_and(|(_, json)| !blank(json))
    }

    /// A whole number that has a default, which is said when it is taken. Beside it no member may be unknown: that is
    /// likely this one by another name, and the default would hold in place of what it says.
    pub(super) fn whole_or<T: Whole + Copy + Display>(
        &mut self,
        name: &'static str,
        default: T,
    ) -> T {
        if self.value(name).is_none() {
            self.warning("", format!("`{name}` is not stated: {default} is taken"));
            self.defaulted.push(name);
        }
        self.whole(name).unwrap_or(default)
    }

    /// A whole number above zero. As in the model, zero is not stated, and that is said.
    pub(super) fn positive<T: Whole + Copy + Display>(
        &mut self,
        name: &'static str,
        default: T,
    ) -> T {
        let zero = |json: &Json| value::number(json) == Ok(Some(0.0));
        if self.value(name).is_some_and(|(_, json)| zero(json)) {
            self.warning(name, format!("0 is taken as not stated: {default}"));
            return default;
        }
        self.whole(name).unwrap_or(default)
    }

    /// A number.
    pub(super) fn number(&mut self, names: &'static str) -> Option<f64> {
        self.scalar(names, value::number)
    }

    /// A word.
    pub(super) fn word<E: Spelled>(&mut self, names: &'static str) -> Option<E> {
        self.scalar(names, |json| value::word(json).map(Some))
    }

    /// A word; `""` is not stated.
    pub(super) fn word_or_blank<E: Spelled>(&mut self, names: &'static str) -> Option<E> {
        self.scalar(names, |json| match json {
            Json::String(text) if text.is_empty() => Ok(None),
            json => value::word(json).map(Some),
        })
    }

    /// A list of texts, if it is stated. Nulls in it are reported.
    pub(super) fn texts(&mut self, names: &'static str) -> Option<Vec<String>> {
        let (name, items) = self.items(names)?;
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match value::text(item) {
                Ok(text) => texts.push(text),
                Err(mismatch) => self.mismatch(&format!("{name}/{index}"), mismatch),
            }
        }
        Some(texts)
    }

    /// A list of words, if it is stated.
    pub(super) fn words<E: Spelled>(&mut self, names: &'static str) -> Option<Vec<E>> {
        let (name, items) = self.items(names)?;
        let mut words = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match value::word(item) {
                Ok(word) => words.push(word),
                Err(mismatch) => self.mismatch(&format!("{name}/{index}"), mismatch),
            }
        }
        Some(words)
    }

    /// An object of texts.
    pub(super) fn map(&mut self, names: &'static str) -> BTreeMap<String, String> {
        self.object(names, texts_of).unwrap_or_default()
    }

    /// An object whose names are data, if it is stated: in the order of the text, each name once.
    pub(super) fn entries<T>(
        &mut self,
        names: &'static str,
        read: impl Fn(&'j Json) -> Result<T, Mismatch>,
    ) -> Option<Vec<(String, T)>> {
        self.object(names, |object| {
            let mut entries = Vec::with_capacity(object.members.len());
            for (name, json) in object.open() {
                match read(json) {
                    Ok(value) => entries.push((name.to_owned(), value)),
                    Err(mismatch) => object.mismatch(&escape(name), mismatch),
                }
            }
            entries
        })
    }

    /// An object, if it is stated.
    pub(super) fn object<T>(
        &mut self,
        names: &'static str,
        read: impl FnOnce(&mut Obj<'j, '_>) -> T,
    ) -> Option<T> {
        let mut object = self.member(names)?;
        let value = read(&mut object);
        object.finish();
        Some(value)
    }

    /// A value of this object that is an object.
    pub(super) fn inner<T>(
        &mut self,
        name: &str,
        json: &'j Json,
        read: impl FnOnce(&mut Obj<'j, '_>) -> T,
    ) -> Option<T> {
        Obj::read(json, self.at(name), self.report, read)
    }

    /// An object whose names are data and whose values are objects: those, with their names.
    pub(super) fn objects<T>(
        &mut self,
        names: &'static str,
        mut read: impl FnMut(&str, &mut Obj<'j, '_>) -> Option<T>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        self.each(names, &mut |name, object| values.extend(read(name, object)));
        values
    }

    /// A list of objects; those of which `read` makes nothing are left out.
    pub(super) fn list<T>(
        &mut self,
        names: &'static str,
        read: impl FnMut(&mut Obj<'j, '_>) -> Option<T>,
    ) -> Vec<T> {
        self.list_if(names, read).unwrap_or_default()
    }

    /// A list of objects, if it is stated.
    pub(super) fn list_if<T>(
        &mut self,
        names: &'static str,
        read: impl FnMut(&mut Obj<'j, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let (name, items) = self.items(names)?;
        Some(list(items, &self.at(name), self.report, read))
    }

    /// A member that has no effect, which is said if it is there.
    pub(super) fn idle(&mut self, name: &'static str, severity: Severity, why: &str) {
        if self.value(name).is_some() {
            let pointer = self.at(name);
            self.report
                .add(severity, pointer, format!("`{name}` {why}"), None);
        }
    }

    /// An error about a member, or about the object if `name` is empty.
    pub(super) fn error(&mut self, name: &str, message: impl Into<String>) {
        self.find(Severity::Error, name, message, None);
    }

    /// A warning about a member, or about the object if `name` is empty.
    pub(super) fn warning(&mut self, name: &str, message: impl Into<String>) {
        self.find(Severity::Warning, name, message, None);
    }

    /// A finding about a member, or about the object if `name` is empty.
    pub(super) fn find(
        &mut self,
        severity: Severity,
        name: &str,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let pointer = self.at(name);
        self.report.add(severity, pointer, message, suggestion);
    }

    /// A value that is not what was expected.
    pub(super) fn mismatch(&mut self, name: &str, mismatch: Mismatch) {
        self.find(Severity::Error, name, mismatch.message, mismatch.suggestion);
    }

    /// JSON pointer of a member, whose name is escaped already.
    pub(super) fn at(&self, name: &str) -> String {
        if name.is_empty() {
            return self.pointer.clone();
        }
        join(&self.pointer, name)
    }

    fn last(&self, name: &str) -> Option<&'j Json> {
        self.members
            .iter()
            .rev()
            .find(|(member, _)| member == name)
            .map(|(_, json)| json)
    }

    /// A value that is read by `read`, if it is stated.
    pub(super) fn scalar<T>(
        &mut self,
        names: &'static str,
        read: impl FnOnce(&Json) -> Result<Option<T>, Mismatch>,
    ) -> Option<T> {
        let (name, json) = self.value(names)?;
        match read(json) {
            Ok(value) => value,
            Err(mismatch) => {
                self.mismatch(name, mismatch);
                None
            }
        }
    }

    #[inline(never)]
    fn within(&mut self, names: &'static str, range: (i128, i128)) -> Option<i128> {
        self.scalar(names, |json| value::within(json, range))
    }

    /// A member that is an object, if it is stated. What it is not asked for is reported by its `finish`.
    #[inline(never)]
    fn member(&mut self, names: &'static str) -> Option<Obj<'j, '_>> {
        let (name, json) = self.value(names)?;
        Obj::of(json, self.at(name), self.report)
    }

    /// Reads the objects of a member whose names are data.
    #[inline(never)]
    fn each(&mut self, names: &'static str, read: &mut dyn FnMut(&str, &mut Obj<'j, '_>)) {
        self.object(names, |object| {
            for (name, json) in object.open() {
                let pointer = object.at(&escape(name));
                Obj::read(json, pointer, object.report, |inner| read(name, inner));
            }
        });
    }

    #[inline(never)]
    fn items(&mut self, names: &'static str) -> Option<(&'static str, &'j [Json])> {
        match self.value(names)? {
            (name, Json::Array(items)) => Some((name, items)),
            (name, other) => {
                self.mismatch(name, Mismatch::expected("an array", other));
                None
            }
        }
    }

    /// All members, each name once: their names are data, so none is unknown.
    pub(super) fn open(&mut self) -> Vec<(&'j str, &'j Json)> {
        let doubled = self.doubles();
        let members = std::mem::take(&mut self.members);
        let last = |name: &str| members.iter().rposition(|(other, _)| other == name);
        let each = members.iter().enumerate();
        each.filter(|(index, (name, _))| {
            !doubled.contains(&name.as_str()) || last(name) == Some(*index)
        })
        .map(|(_, (name, json))| (name.as_str(), json))
        .collect()
    }
}

/// Reads the objects of a list.
pub(super) fn list<'j, T>(
    items: &'j [Json],
    pointer: &str,
    report: &mut Report,
    mut read: impl FnMut(&mut Obj<'j, '_>) -> Option<T>,
) -> Vec<T> {
    let mut list = Vec::with_capacity(items.len());
    each(items, pointer, report, &mut |object| {
        list.extend(read(object));
    });
    list
}

#[inline(never)]
fn each<'j>(
    items: &'j [Json],
    pointer: &str,
    report: &mut Report,
    read: &mut dyn FnMut(&mut Obj<'j, '_>),
) {
    for (index, item) in items.iter().enumerate() {
        let at = join(pointer, &index.to_string());
        Obj::read(item, at, report, &mut *read);
    }
}

/// An object as texts: its names are data.
pub(super) fn texts_of(o: &mut Obj) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, json) in o.open() {
        match value::text(json) {
            Ok(text) => drop(texts.insert(name.to_owned(), text)),
            Err(mismatch) => o.mismatch(&escape(name), mismatch),
        }
    }
    texts
}

/// A pointer and one more token. Every object of a document has one made, so no formatter is asked for it.
fn join(pointer: &str, token: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + 1 + token.len());
    joined.push_str(pointer);
    joined.push('/');
    joined.push_str(token);
    joined
}

/// A name as a token of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
