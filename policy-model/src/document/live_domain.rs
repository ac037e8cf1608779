//! Hosts whose users are spread over units, and where a request says whose it is.

use super::{LiveType, PathMatchType, spelled::spelled};
use std::rc::Rc;

spelled! {
    /// How a request that came to the wrong unit is put right. Read by nobody.
    #[derive(Default)]
    pub enum CorrectionType {
        /// By the next hop.
        #[default]
        Upstream = "UPSTREAM",
    }
}

spelled! {
    /// Where a business variable is.
    pub enum BizVariableScope {
        /// In the query.
        Query = "QUERY",
        /// In a header.
        Header = "HEADER",
        /// In a cookie.
        Cookie = "COOKIE",
    }
}

spelled! {
    /// Where a variable is.
    pub enum VariableScope {
        /// In a header.
        Header = "HEADER",
        /// In the query.
        Query = "QUERY",
        /// In a cookie.
        Cookie = "COOKIE",
    }
}

/// A host whose users are spread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveDomain {
    /// Its name.
    pub host: String,
    /// Its protocols; read by nobody.
    pub protocols: Vec<String>,
    /// Whether it spans regions.
    pub live_type: Option<LiveType>,
    /// How misdirected requests are put right; read by nobody.
    pub correction_type: Option<CorrectionType>,
    /// Whether units have hosts of their own.
    pub unit_domain_enabled: bool,
    /// The units' own hosts.
    pub unit_domains: Vec<UnitDomain>,
    /// Rules by path prefix.
    pub paths: Vec<LivePath>,
    /// Static resources; read by nobody.
    pub resources: Vec<String>,
    /// The host behind it.
    pub backend: Option<String>,
    /// JSON pointer of the domain.
    pub pointer: Rc<str>,
}

/// A unit's own host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitDomain {
    /// The unit.
    pub unit: String,
    /// Its host.
    pub host: String,
    /// The host behind it.
    pub backend: Option<String>,
    /// JSON pointer of the entry.
    pub pointer: Rc<str>,
}

/// The rule of a path prefix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LivePath {
    /// The prefix.
    pub path: String,
    /// Read but a prefix whatever it says, there as here.
    pub match_type: Option<PathMatchType>,
    /// The unit rule.
    pub rule_id: Option<String>,
    /// What people call the rule.
    pub rule_name: Option<String>,
    /// Whether variable and source are the path's own.
    pub custom_variable_source: bool,
    /// The variable.
    pub variable: Option<String>,
    /// Its source.
    pub variable_source: Option<String>,
    /// Whether the rule depends on a business variable.
    pub biz_variable_enabled: bool,
    /// The business variable.
    pub biz_variable_name: Option<String>,
    /// Where it is.
    pub biz_variable_scope: Option<BizVariableScope>,
    /// The rule for each of its values.
    pub biz_variable_rules: Vec<BizVariableRule>,
    /// JSON pointer of the path.
    pub pointer: Rc<str>,
}

/// The unit rule for one value of a business variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BizVariableRule {
    /// The value.
    pub value: String,
    /// The unit rule.
    pub rule_id: Option<String>,
    /// What people call the rule.
    pub rule_name: Option<String>,
}

/// What a user is known by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveVariable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub variable_type: Option<String>,
    /// Where it may be.
    pub sources: Vec<VariableSource>,
    /// JSON pointer of the variable.
    pub pointer: Rc<str>,
}

/// One place where a variable may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VariableSource {
    /// Its name.
    pub name: String,
    /// Header, query or cookie.
    pub scope: Option<VariableScope>,
    /// The name there.
    pub key: String,
    /// Read by nobody.
    pub header: Option<String>,
    /// What makes the user of the value.
    pub func: Option<String>,
}
