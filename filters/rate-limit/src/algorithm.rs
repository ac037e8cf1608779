//! From what a policy says of its way of counting (`realizeType` and `parameters`) to an algorithm.

use crate::{Algorithm, WarmUp};
use policy_model::{
    document::{LimitAlgorithm, RateLimitPolicy},
    json,
};
use std::time::Duration;

/// What cannot be carried out: where in the policy, and why.
pub(crate) type Unfit = (String, &'static str);

/// How a policy counts.
pub(crate) fn algorithm(policy: &RateLimitPolicy) -> Result<Algorithm, Unfit> {
    match policy.algorithm {
        LimitAlgorithm::TokenBucket => {
            let burst = parameter(policy, "maxBurstSeconds", seconds)?;
            Ok(Algorithm::TokenBucket { burst })
        }
        LimitAlgorithm::StrictWindow | LimitAlgorithm::Redis => Ok(Algorithm::StrictWindow),
        LimitAlgorithm::FixedWindow => Ok(Algorithm::FixedWindow),
        LimitAlgorithm::SmoothWarmup => warm_up(policy),
        LimitAlgorithm::LeakyBucket | LimitAlgorithm::Limiter4j => {
            let message = "this algorithm is not carried out yet: use TokenBucket";
            Err(("/realizeType".to_owned(), message))
        }
    }
}

/// As text: state of one algorithm is none of another's.
pub(crate) fn text(algorithm: Algorithm) -> String {
    match algorithm {
        Algorithm::StrictWindow => "strict".to_owned(),
        Algorithm::TokenBucket { burst: None } => "bucket".to_owned(),
        Algorithm::TokenBucket { burst: Some(burst) } => format!("bucket {}", burst.as_nanos()),
        Algorithm::FixedWindow => "fixed".to_owned(),
        Algorithm::LeakyBucket => "leaky".to_owned(),
        Algorithm::SmoothWarmup(warm_up) => format!("warm-up {}", warm_up.text()),
    }
}

fn warm_up(policy: &RateLimitPolicy) -> Result<Algorithm, Unfit> {
    let period = parameter(policy, "warmupSeconds", seconds)?;
    let period = period.unwrap_or(WarmUp::DEFAULT_PERIOD);
    let of_factor = |factor| WarmUp::try_new(period, factor);
    let warm_up = parameter(policy, "coldFactor", of_factor)?;
    let warm_up = warm_up.or_else(|| of_factor(WarmUp::DEFAULT_COLD_FACTOR));
    let no_time = ("/parameters/warmupSeconds".to_owned(), UNFIT);
    warm_up.map(Algorithm::SmoothWarmup).ok_or(no_time)
}

const UNFIT: &str = "a number that this cannot be";

/// What a parameter says, if it is stated.
fn parameter<T>(
    policy: &RateLimitPolicy,
    name: &str,
    read: impl Fn(f64) -> Option<T>,
) -> Result<Option<T>, Unfit> {
    let Some(stated) = policy.parameters.get(name) else {
        return Ok(None);
    };
    let value = json::number(stated).and_then(read);
    let unfit = || (format!("/parameters/{name}"), UNFIT);
    value.map(Some).ok_or_else(unfit)
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}
