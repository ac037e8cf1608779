//! The document as it was written: typed, but not yet inherited, matched or compiled.
//!
//! Names are those of the governance model (requirement, sections 2 and 3, and the fields of JoyLive that its files
//! use) in snake case, with the unit in the name where a number has one. An `Option` is a field that was not stated and
//! so takes what its parents say; list policies are never merged field by field, so their fields hold their defaults
//! already. What cannot be valid cannot be held: a reader that meets a zero window reports it and leaves the window out.
//!
//! A document is only to be acted upon if the [`Report`](crate::Report) it came with does not refuse it.

mod authentication;
mod authorization;
mod breaker;
mod claim_rule;
mod cluster;
mod condition;
mod error_parser;
mod fault;
mod jwks;
mod key;
mod lane;
mod lane_space;
mod limit;
mod live;
mod live_domain;
mod live_rule;
mod live_space;
mod load_balance;
mod location;
mod meta;
mod permission;
mod policy;
mod remote_jwks;
mod route;
mod service;
mod service_auth;
mod settings;
mod spelled;

pub use authentication::{
    ApiKeyClient, ApiKeys, Authentication, AuthenticationPolicy, ClaimToHeader, Provider,
    Requirement, TokenHeader,
};
pub use authorization::{Authorization, MethodPermission, Ownership, Permission, Role};
pub use breaker::{BreakerLevel, CircuitBreakPolicy, DegradeConfig, Percent, WindowType};
pub use claim_rule::ClaimRule;
pub use cluster::{ClusterPolicy, ClusterType, RetryPolicy};
pub use condition::{
    Condition, ConditionKind, Conditions, LabelCondition, LabelConditions, Op, Relation,
};
pub use error_parser::{ErrorParserPolicy, Parser};
pub use fault::{FaultInjectionPolicy, FaultType};
pub use jwks::{Jwk, Jwks, JwtAlgorithm, KeyMaterial};
pub use key::{Cost, KeyPart, LimitOverride, MissingKey, OnContention, Phase};
pub use lane::LanePolicy;
pub use lane_space::{FallbackType, Lane, LaneDomain, LaneDomainPath, LaneRule, LaneSpace};
pub use limit::{
    ConcurrencyLimitPolicy, LimitAlgorithm, LoadLimitPolicy, LoadThrottle, RateLimitPolicy,
    SlidingWindow,
};
pub use live::{CellPolicy, LivePolicy, Remote, RemoteType, UnitPolicy};
pub use live_domain::{
    BizVariableRule, BizVariableScope, CorrectionType, LiveDomain, LivePath, LiveVariable,
    UnitDomain, VariableScope, VariableSource,
};
pub use live_rule::{CellRoute, LiveType, UnitRange, UnitRoute, UnitRule, VariableMissingAction};
pub use live_space::{AccessMode, Cell, LiveSpace, LiveSpec, Unit, UnitType};
pub use load_balance::{BalanceType, HealthPolicy, LoadBalancePolicy, StickyType};
pub use location::Location;
pub use meta::{Mode, PolicyMeta, StateAt};
pub use permission::{PermissionPolicy, PermissionType};
pub use policy::ServicePolicy;
pub use remote_jwks::{KeysTarget, RemoteJwks};
pub use route::{Destination, RoutePolicy, TagRule};
pub use service::{
    Endpoint, PathMatchType, Service, ServiceGroup, ServiceMethod, ServicePath, ServiceType,
};
pub use service_auth::{AuthPolicy, AuthType, JavaAlgorithm, JwtPolicy, TokenPolicy};
pub use settings::{ErrorFormat, RateLimitHeaders, Settings, StateSettings, Unmatched};
pub use spelled::Spelled;

/// One governance document: the plugin configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The service this Envoy stands in front of; else the request's host names it.
    pub service: Option<String>,
    /// What is governed.
    pub services: Vec<Service>,
    /// Units, cells and the rules that spread users over them.
    pub live_spaces: Vec<LiveSpace>,
    /// Lanes and the rules that colour requests.
    pub lane_spaces: Vec<LaneSpace>,
    /// Where this Envoy stands.
    pub location: Location,
    /// Who may call, and how it is proved.
    pub authentication: Authentication,
    /// What holds for the whole document.
    pub settings: Settings,
}
