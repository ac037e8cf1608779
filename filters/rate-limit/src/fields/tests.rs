use super::*;
use crate::test_client::quota;

const NOW: Nanos = Nanos(7_000_000_000);

fn standing(window: usize, remaining: u32) -> Standing {
    Standing {
        window,
        limit: 10,
        remaining,
        more_at: Some(NOW.after(Duration::from_millis(1_200))),
        full_at: NOW.after(Duration::from_secs(9)),
    }
}

fn labels(policy: &str, spans: &[u64]) -> Labels {
    let quotas: Vec<_> = spans
        .iter()
        .map(|ms| quota(10, Duration::from_millis(*ms)))
        .collect();
    Labels::new(policy, &quotas)
}

fn ietf(told: &[Told<'_>]) -> (String, String) {
    let fields = fields(RateLimitHeaders::Ietf, told, NOW);
    assert_eq!(
        fields.iter().map(|field| field.0).collect::<Vec<_>>(),
        ["ratelimit", "ratelimit-policy"]
    );
    (fields[0].1.clone(), fields[1].1.clone())
}

#[test]
fn the_fields_of_the_draft() {
    let labels = labels("per-user", &[60_000]);
    let told = [Told {
        labels: &labels,
        standing: standing(0, 4),
    }];
    assert_eq!(
        ietf(&told),
        (
            "\"per-user\";r=4;t=2".into(),
            "\"per-user\";q=10;w=60".into()
        )
    );
}

#[test]
fn a_policy_with_several_windows_names_each_and_tells_the_tightest() {
    let labels = labels("p", &[500, 1_000, 2_500]);
    let told = [Told {
        labels: &labels,
        standing: standing(1, 0),
    }];
    let (limit, policy) = ietf(&told);
    assert_eq!(limit, "\"p/1s\";r=0;t=2");
    assert_eq!(
        policy,
        "\"p/500ms\";q=10, \"p/1s\";q=10;w=1, \"p/2500ms\";q=10"
    );
}

#[test]
fn several_policies_are_a_list() {
    let (a, b) = (labels("a", &[1_000]), labels("b", &[2_000]));
    let full = Standing {
        more_at: None,
        ..standing(0, 10)
    };
    let told = [
        Told {
            labels: &a,
            standing: standing(0, 4),
        },
        Told {
            labels: &b,
            standing: full,
        },
    ];
    assert_eq!(
        ietf(&told),
        (
            "\"a\";r=4;t=2, \"b\";r=10".into(),
            "\"a\";q=10;w=1, \"b\";q=10;w=2".into()
        )
    );
}

#[test]
fn a_name_cannot_break_the_field() {
    let labels = labels("a\"b\\c%\r\n限", &[1_000]);
    let told = [Told {
        labels: &labels,
        standing: standing(0, 4),
    }];
    assert_eq!(ietf(&told).0, r#""a\"b\\c%25%0D%0A%E9%99%90";r=4;t=2"#);
}

#[test]
fn the_older_trio_tells_the_tightest_policy() {
    let labels = labels("p", &[1_000]);
    let told = [7, 3, 5].map(|remaining| Told {
        labels: &labels,
        standing: standing(0, remaining),
    });
    let trio = fields(RateLimitHeaders::XRateLimit, &told, NOW);
    let expected = [
        ("x-ratelimit-limit", "10"),
        ("x-ratelimit-remaining", "3"),
        ("x-ratelimit-reset", "9"),
    ];
    assert_eq!(trio, expected.map(|(name, value)| (name, value.to_owned())));
    assert!(fields(RateLimitHeaders::None, &told, NOW).is_empty());
    assert!(fields(RateLimitHeaders::Ietf, &[], NOW).is_empty());
}

/// A log keeps times in units of some nanoseconds, rounded up.
#[test]
fn a_rounded_stamp_is_no_further_second() {
    let labels = labels("p", &[60_000]);
    let standing = Standing {
        more_at: Some(NOW.after(Duration::new(60, 31))),
        ..standing(0, 4)
    };
    let told = [Told {
        labels: &labels,
        standing,
    }];
    assert_eq!(ietf(&told).0, "\"p\";r=4;t=60");
}
