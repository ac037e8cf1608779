//! Conditions: when a policy applies, and which endpoints a destination means.
//!
//! Both are a list of comparisons under one relation. They are different types because they look at different things: a
//! condition at a part of the request, a label condition at the labels of an endpoint, which have no kind.

use super::spelled::spelled;
use std::rc::Rc;

spelled! {
    /// How the comparisons of a list combine.
    #[derive(Default)]
    pub enum Relation {
        /// All must hold.
        #[default]
        And = "AND",
        /// One is enough.
        Or = "OR",
    }
}

spelled! {
    /// How a condition compares. P are its values, R those of the request.
    #[derive(Default)]
    pub enum Op {
        /// P and R are the same.
        #[default]
        Equal = "EQUAL" | "eq",
        /// P and R differ.
        NotEqual = "NOT_EQUAL" | "ne",
        /// Some R is in P.
        In = "IN",
        /// No R is in P.
        NotIn = "NOT_IN" | "nin",
        /// Every R matches some P, a regular expression, from its first to its last character.
        Regular = "REGULAR",
        /// Every R begins with some P.
        Prefix = "PREFIX",
    }
}

spelled! {
    /// What part of the request a condition looks at, or a limit counts apart.
    pub enum ConditionKind {
        /// A request header; the key is its name.
        Header = "header",
        /// A query parameter.
        Query = "query",
        /// A cookie.
        Cookie = "cookie",
        /// What the system knows: `clientIp` or `consumer`.
        System = "system",
        /// A claim of the verified token; the key is its path, `realm_access.roles`.
        Claim = "claim",
        /// The client that an API key names.
        ApiKey = "apiKey",
        /// The request's method.
        Method = "method",
        /// The request's normalized path.
        Path = "path",
        /// What stands in the path where the pattern has this variable, `{id}`; the key is its name.
        PathVariable = "pathVariable",
        /// The request's host: lower case, no port.
        Host = "host",
        /// The client's address; the values are CIDR blocks.
        Ip = "ip",
    }
}

/// When a policy applies. An empty list always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// How the list combines.
    pub relation: Relation,
    /// The comparisons, in the order of the document.
    pub list: Vec<Condition>,
}

/// One comparison with a part of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it looks at.
    pub kind: ConditionKind,
    /// How it compares.
    pub op: Op,
    /// Name of the header, parameter, cookie or claim; empty where the kind needs none.
    pub key: String,
    /// What it compares with.
    pub values: Vec<String>,
    /// JSON pointer of the condition.
    pub pointer: Rc<str>,
}

/// Which endpoints are meant. An empty list means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelConditions {
    /// How the list combines.
    pub relation: Relation,
    /// The comparisons, in the order of the document.
    pub list: Vec<LabelCondition>,
}

/// One comparison with a label of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCondition {
    /// How it compares.
    pub op: Op,
    /// The label.
    pub key: String,
    /// What it compares with.
    pub values: Vec<String>,
    /// JSON pointer of the condition.
    pub pointer: Rc<str>,
}
