//! One load, and what each algorithm lets through of it: a picture each, drawn by the very code that decides in Envoy.
//!
//! The limit is 10 in a second. Requests come three times as fast for two and a half seconds, then not at all for one, then
//! a little slower than the limit. A bar is a tenth of a second: below what passes, above it what is refused; the line is
//! the rate of one in a tenth.

use host::Nanos;
use rate_limit::{Algorithm, Quota, WarmUp, Windows};
use std::{fmt::Write as _, num::NonZeroU32, time::Duration};

const THRESHOLD: u32 = 10;
const SPAN: Duration = Duration::from_secs(1);
/// Of the leaky bucket.
const CAPACITY: u32 = 5;

/// Phases of the load, in milliseconds: from, until, a request every.
const LOAD: [(u64, u64, u64); 2] = [(250, 2_750, 33), (3_750, 6_000, 110)];
const END_MS: u64 = 6_000;
const BAR_MS: u64 = 100;

const WIDTH: u64 = 640;
const HEIGHT: u64 = 150;
const LEFT: u64 = 20;
const TOP: u64 = 34;
const FLOOR: u64 = 126;
/// Pixels for a bar, and for a request in it.
const BAR: u64 = 10;
const REQUEST: u64 = 9;

const PASSED: &str = "#1d6fb8";
const REFUSED: &str = "#d5d9df";

/// File names and pictures.
pub(crate) fn pictures() -> Vec<(&'static str, String)> {
    let warm_up = WarmUp::try_new(Duration::from_secs(2), 3.0).map(Algorithm::SmoothWarmup);
    let bucket = Algorithm::TokenBucket { burst: None };
    let small = Algorithm::TokenBucket {
        burst: Some(Duration::from_millis(300)),
    };
    let algorithms = [
        (
            "strict-window.svg",
            "strict window",
            Some(Algorithm::StrictWindow),
        ),
        (
            "fixed-window.svg",
            "fixed window",
            Some(Algorithm::FixedWindow),
        ),
        ("token-bucket.svg", "token bucket", Some(bucket)),
        (
            "small-bucket.svg",
            "token bucket, maxBurstSeconds 0.3",
            Some(small),
        ),
        (
            "leaky-bucket.svg",
            "leaky bucket, capacity 5",
            Some(Algorithm::LeakyBucket),
        ),
        ("warm-up.svg", "warm-up, warmupSeconds 2", warm_up),
    ];
    let drawn = algorithms
        .into_iter()
        .filter_map(|(file, title, algorithm)| {
            let picture = svg(title, &bars(algorithm?)?);
            Some((file, picture))
        });
    drawn.collect()
}

/// For each bar how many pass and how many are refused.
fn bars(algorithm: Algorithm) -> Option<Vec<(u64, u64)>> {
    let windows = Windows::new(algorithm, &[Quota::try_new(THRESHOLD, SPAN).ok()?]);
    let patience = match algorithm {
        Algorithm::LeakyBucket => SPAN / THRESHOLD * CAPACITY,
        _ => Duration::ZERO,
    };
    let mut state = vec![0; windows.state_len()];
    let mut bars = vec![(0, 0); usize::try_from(END_MS / BAR_MS).ok()?];
    for (from, until, every) in LOAD {
        for at in (from..until).step_by(usize::try_from(every).ok()?) {
            let goes_on = decide(&windows, &mut state, at, patience);
            let bar = usize::try_from(goes_on.unwrap_or(at) / BAR_MS).ok()?;
            let (passed, refused) = bars.get_mut(bar)?;
            *passed += u64::from(goes_on.is_some());
            *refused += u64::from(goes_on.is_none());
        }
    }
    Some(bars)
}

/// When a request of this millisecond goes on, if it does.
fn decide(windows: &Windows, state: &mut Vec<u8>, at: u64, patience: Duration) -> Option<u64> {
    // The clock has run for a while when the picture begins, by whole windows.
    let begin = Nanos(0).after(SPAN * 1_000);
    let now = begin.after(Duration::from_millis(at));
    let mut new = state.clone();
    let goes_on = match windows.decide(&mut new, now, NonZeroU32::MIN) {
        Ok(_) => now,
        Err(refused) => {
            let turn = refused
                .retry_at
                .filter(|turn| turn.since(now) <= patience)?;
            new.clone_from(state);
            windows.decide(&mut new, turn, NonZeroU32::MIN).ok()?;
            turn
        }
    };
    *state = new;
    u64::try_from(goes_on.since(begin).as_millis()).ok()
}

/// Writing to a string cannot fail.
fn svg(title: &str, bars: &[(u64, u64)]) -> String {
    let sum: u64 = bars.iter().map(|(passed, _)| passed).sum();
    let all: u64 = bars.iter().map(|(passed, refused)| passed + refused).sum();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title}, 10 in 1 s: {sum} of {all} pass</text>\n"
    );
    let mut x = LEFT;
    for (passed, refused) in bars {
        bar(&mut out, x, FLOOR, *passed, PASSED);
        bar(&mut out, x, FLOOR - passed * REQUEST, *refused, REFUSED);
        x += BAR;
    }
    let rate = FLOOR - REQUEST;
    let _ = writeln!(
        out,
        "<path d=\"M{LEFT} {rate}H{x}\" stroke=\"#b91c1c\" stroke-dasharray=\"4 3\"/>\n\
         <path d=\"M{LEFT} {TOP}V{FLOOR}H{x}\" stroke=\"#555\" fill=\"none\"/>"
    );
    for second in 0..=END_MS / 1_000 {
        let x = LEFT + second * 1_000 / BAR_MS * BAR;
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"142\" fill=\"#555\">{second} s</text>"
        );
    }
    out.push_str("</svg>\n");
    out
}

fn bar(out: &mut String, x: u64, floor: u64, requests: u64, fill: &str) {
    if requests == 0 {
        return;
    }
    let (height, width) = (requests * REQUEST, BAR - 1);
    let y = floor - height;
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
    );
}
