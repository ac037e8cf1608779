//! A list of conditions under one relation.

use super::block::InvalidBlock;
use super::comparison::{Comparison, Tally};
use super::source::{InvalidSource, Source};
use crate::document::{Condition, Conditions, Op, Relation};
use crate::pattern::InvalidRegex;
use crate::target::UnsafePath;
use std::fmt;
use std::rc::Rc;

/// Where the values of a request come from.
pub trait Attributes {
    /// Calls `visit` with each value of `source`, as often as the request has one; never, if it has none.
    fn visit(&self, source: &Source, visit: &mut dyn FnMut(&[u8]));
}

/// Compiled conditions.
#[derive(Clone, Debug)]
pub struct Matcher {
    relation: Relation,
    tests: Box<[Test]>,
}

#[derive(Clone, Debug)]
struct Test {
    source: Source,
    comparison: Comparison,
}

/// A condition that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCondition {
    /// JSON pointer of the condition.
    pub pointer: Rc<str>,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a condition cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its type and key name nothing.
    Source(InvalidSource),
    /// An address cannot be compared in this way.
    Operator(Op),
    /// A value is no regular expression.
    Regex(InvalidRegex),
    /// A value is no block of addresses.
    Block(InvalidBlock),
    /// A value is no path that a request could have.
    Path(UnsafePath),
    /// A value has a query, a fragment or parameters of a segment, which no path has when a condition sees it.
    Query,
    /// A character above ASCII in a regular expression over paths, where such characters are escapes.
    NotAscii,
}

// === impl Matcher ===

impl Matcher {
    /// Compiles conditions. The error is that of the first one that cannot be carried out.
    ///
    /// ```
    /// use policy_model::condition::{Attributes, Matcher, Source};
    /// use policy_model::document::{Condition, ConditionKind, Conditions, Op, Relation};
    ///
    /// struct Method(&'static [u8]);
    /// impl Attributes for Method {
    ///     fn visit(&self, source: &Source, visit: &mut dyn FnMut(&[u8])) {
    ///         if *source == Source::Method {
    ///             visit(self.0);
    ///         }
    ///     }
    /// }
    ///
    /// let writes = Matcher::compile(&Conditions {
    ///     relation: Relation::And,
    ///     list: vec![Condition {
    ///         kind: ConditionKind::Method,
    ///         op: Op::In,
    ///         key: String::new(),
    ///         values: vec!["POST".into(), "put".into()],
    ///         pointer: "".into(),
    ///     }],
    /// })
    /// .unwrap();
    /// assert!(writes.matches(&Method(b"PUT")));
    /// assert!(!writes.matches(&Method(b"GET")));
    /// ```
    pub fn compile(conditions: &Conditions) -> Result<Self, InvalidCondition> {
        let tests = conditions
            .list
            .iter()
            .map(Test::compile)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            relation: conditions.relation,
            tests,
        })
    }

    /// Every condition that cannot be carried out.
    pub fn check(conditions: &Conditions) -> impl Iterator<Item = InvalidCondition> {
        conditions
            .list
            .iter()
            .filter_map(|condition| Test::compile(condition).err())
    }

    /// Whether the conditions hold. No conditions always do.
    pub fn matches(&self, attributes: &impl Attributes) -> bool {
        match self.relation {
            Relation::And => self.tests.iter().all(|test| test.holds(attributes)),
            Relation::Or => {
                self.tests.is_empty() || self.tests.iter().any(|test| test.holds(attributes))
            }
        }
    }

    /// Whether there are no conditions, so that every request matches.
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        self.tests.is_empty()
    }

    /// What the conditions look at, in their order; a source may come twice.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.tests.iter().map(|test| &test.source)
    }
}

// === impl Test ===

impl Test {
    fn compile(condition: &Condition) -> Result<Self, InvalidCondition> {
        let invalid = |reason| InvalidCondition {
            pointer: condition.pointer.clone(),
            reason,
        };
        let source = Source::new(condition.kind, &condition.key);
        let source = source.map_err(|reason| invalid(Reason::Source(reason)))?;
        let comparison = Comparison::new(&source, condition.op, &condition.values);
        Ok(Self {
            comparison: comparison.map_err(invalid)?,
            source,
        })
    }

    fn holds(&self, attributes: &impl Attributes) -> bool {
        let mut tally = Tally::default();
        attributes.visit(&self.source, &mut |value| {
            tally = self.comparison.add(tally, value);
        });
        self.comparison.holds(tally)
    }
}

// === impl InvalidCondition ===

impl fmt::Display for InvalidCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for InvalidCondition {}

// === impl Reason ===

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Operator(op) => {
                write!(f, "an address cannot be compared by {op}; use IN or NOT_IN")
            }
            Self::Regex(error) => error.fmt(f),
            Self::Block(error) => error.fmt(f),
            Self::Path(reason) => write!(f, "no request can have this path: {reason}"),
            Self::Query => {
                f.write_str("a path has no query, no fragment and no `;` parameters here")
            }
            Self::NotAscii => f.write_str("write characters above ASCII as escapes: %C3%A9 for é"),
        }
    }
}

#[cfg(test)]
mod tests;
