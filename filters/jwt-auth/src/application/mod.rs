//! Applications that call, as JoyLive's documents have them: a service's `authorized`, `authPolicy` and `authPolicies`.
//!
//! JoyLive asks a caller for its name, in the header `x-service-consumer`, and then for the token or key of the application
//! of that name. The name is what anybody may write, so here it is the token that says who calls: each belongs to one
//! application, and a signed one names it in `iss`, whose own keys must then have signed. A name counts only where
//! clients are believed (`settings.trustedClientHeaders`), and then it must be the right one too. What is proven goes on as
//! `x-service-consumer`, which a client cannot write.
//!
//! Nothing fails open: no token, no policy for the application, none in force now, a key that cannot be read. All of it is
//! beside `authentication`, not instead: a request must satisfy both.

mod callers;
mod door;
mod error;
mod plan;
mod public_key;
mod refuse;

pub(crate) use plan::Plan;

/// Says who calls (JoyLive's `LABEL_APPLICATION`).
const CONSUMER: &str = "x-service-consumer";

#[cfg(test)]
mod tests;
