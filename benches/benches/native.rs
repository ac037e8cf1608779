//! What single decisions cost, compiled for this machine: `cargo bench -p benches`, or a part of it by name.
//!
//! Native times say which change made a decision faster or slower. What a request costs in a VM, calls to the host
//! included, `cargo xtask bench` says.
#![allow(clippy::unwrap_used, reason = "a bench may end where it fails")]

use benches::document::large;
use circuit_breaker::{Call, Settings, State, breaker};
use divan::{Bencher, black_box};
use host::Nanos;
use jwt_auth::jws::Jws;
use policy_model::{
    Document, Model, Report,
    condition::{Attributes, Matcher, Source},
    document::{CircuitBreakPolicy, Condition, ConditionKind, Conditions, Op, Relation},
    model::Target,
    target::NormalPath,
};
use rate_limit::{Algorithm, Quota, Windows};
use std::{num::NonZeroU32, time::Duration};
use testkit::tokens;

fn main() {
    divan::main();
}

const ONE: NonZeroU32 = NonZeroU32::MIN;

fn document(services: u32) -> Vec<u8> {
    large(services, 0).to_string().into_bytes()
}

fn load(text: &[u8]) -> Model {
    let (document, mut report): (Option<Document>, Report) = Document::read(text);
    Model::compile(&document.unwrap(), &mut report)
}

#[divan::bench(args = [10, 1_000], sample_count = 10)]
fn document_load(bencher: Bencher<'_, '_>, services: u32) {
    let text = document(services);
    bencher.bench_local(|| load(black_box(&text)));
}

#[divan::bench(args = [10, 1_000])]
fn plan_look_up(bencher: Bencher<'_, '_>, services: u32) {
    let model = load(&document(services));
    let host = format!("service-{}", services - 1);
    let path = NormalPath::new(b"/api/v7/orders/81?page=2").unwrap();
    bencher.bench_local(|| {
        let target = Target {
            host: black_box(host.as_bytes()),
            path: Some(&path),
            method: b"GET",
            group: None,
        };
        assert!(model.locate(&target).node.is_some());
    });
}

#[divan::bench]
fn path_normalized(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| NormalPath::new(black_box(b"/api/v7/%6Frders/81?page=2")).unwrap());
}

/// Every header has this value.
struct Headers(&'static [u8]);

impl Attributes for Headers {
    fn visit(&self, _: &Source, visit: &mut dyn FnMut(&[u8])) {
        visit(self.0);
    }
}

#[divan::bench(args = [Op::Equal, Op::In, Op::Regular])]
fn condition(bencher: Bencher<'_, '_>, op: Op) {
    let values = match op {
        Op::Regular => vec!["gray-[0-9]+".to_owned()],
        Op::In => (0..20).map(|n| format!("gray-{n}")).collect(),
        _ => vec!["gray-19".to_owned()],
    };
    let list = vec![Condition {
        kind: ConditionKind::Header,
        op,
        key: "x-lane".to_owned(),
        values,
        pointer: "".into(),
    }];
    let relation = Relation::And;
    let matcher = Matcher::compile(&Conditions { relation, list }).unwrap();
    bencher.bench_local(|| assert!(matcher.matches(black_box(&Headers(b"gray-19")))));
}

/// The windows of one user, by how they count; the threshold of 20 keeps a log of times, that of 1,000 a grid.
fn limiter(bencher: Bencher<'_, '_>, algorithm: Algorithm, threshold: u32) {
    let quota = Quota::try_new(threshold, Duration::from_secs(1)).unwrap();
    let windows = Windows::new(algorithm, &[quota]);
    let (mut state, mut now) = (vec![0; windows.state_len()], Nanos(1_000_000_000));
    bencher.bench_local(move || {
        now = now.after(Duration::from_millis(100));
        assert!(windows.decide(&mut state, now, ONE).is_ok());
    });
}

#[divan::bench(args = [20, 1_000])]
fn limit_strict_window(bencher: Bencher<'_, '_>, threshold: u32) {
    limiter(bencher, Algorithm::StrictWindow, threshold);
}

#[divan::bench]
fn limit_token_bucket(bencher: Bencher<'_, '_>) {
    limiter(bencher, Algorithm::TokenBucket { burst: None }, 1_000);
}

#[divan::bench(args = [10, 1_000])]
fn breaker_call(bencher: Bencher<'_, '_>, window: u32) {
    let policy = CircuitBreakPolicy {
        sliding_window_size: NonZeroU32::new(window).unwrap(),
        ..CircuitBreakPolicy::default()
    };
    let settings = Settings::compile(&policy, &mut Report::default());
    let (mut state, mut now) = (State::new(&settings), Nanos(1_000_000_000));
    let good = Call::default();
    bencher.bench_local(move || {
        now = now.after(Duration::from_millis(1));
        let admitted = breaker::admit(&settings, state.clone(), now);
        let breaker::Admission::Admitted(permit) = admitted.answer else {
            return;
        };
        state = breaker::finish(&settings, admitted.state, now, permit, good).state;
    });
}

#[divan::bench]
fn jwt_parse(bencher: Bencher<'_, '_>) {
    let token = tokens::sign(tokens::Algorithm::Rs256, &tokens::claims("ann")).unwrap();
    bencher.bench_local(|| Jws::parse(black_box(token.as_bytes())).unwrap());
}
