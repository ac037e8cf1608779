//! From what a policy says of its way of counting (`realizeType`, `parameters`, `maxWaitMs`) to an algorithm.

use crate::{Algorithm, Quota, WarmUp};
use policy_model::{
    document::{LimitAlgorithm, RateLimitPolicy},
    json,
};
use std::time::Duration;

/// What cannot be carried out: where in the policy, and why.
pub(crate) type Unfit = (String, &'static str);

/// How long requests of a policy wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// At most so long.
    longest: Duration,
    /// In a line of at most so many.
    places: Option<f64>,
}

/// The longest wait, as the document's check says: a client that waits longer has given up.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

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
        LimitAlgorithm::LeakyBucket => Ok(Algorithm::LeakyBucket),
        LimitAlgorithm::Limiter4j => {
            let message = "no token server is asked: use Resilience4j or TokenBucket";
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

/// Whether requests of a policy wait. Those of a leaky bucket do even if only its `capacity` is stated; 0 is no bound.
pub(crate) fn waiting(policy: &RateLimitPolicy) -> Result<Option<Waiting>, Unfit> {
    let places = match policy.algorithm {
        LimitAlgorithm::LeakyBucket => parameter(policy, "capacity", Some)?,
        _ => None,
    };
    let places = places.filter(|places| *places > 0.0);
    let stated = Duration::from_millis(policy.max_wait_ms);
    if stated.is_zero() && places.is_none() {
        return Ok(None);
    }
    let longest = if stated.is_zero() {
        LONGEST_WAIT
    } else {
        stated
    };
    Ok(Some(Waiting {
        longest: longest.min(LONGEST_WAIT),
        places,
    }))
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

// === impl Waiting ===

impl Waiting {
    /// How long a request waits at most: as long as a full line takes, if that is shorter.
    pub(crate) fn patience(self, quotas: &[Quota]) -> Duration {
        let Some(places) = self.places else {
            return self.longest;
        };
        let interval =
            |quota: &Quota| quota.span().as_secs_f64() / f64::from(quota.threshold().get());
        let slowest = quotas.iter().map(interval).fold(0.0, f64::max);
        let line = Duration::try_from_secs_f64(slowest * places);
        self.longest.min(line.unwrap_or(LONGEST_WAIT))
    }
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
