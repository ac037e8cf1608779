//! Every trick that is known against readers of tokens: what passes, and what the operator reads of the rest.

use super::scene::header;
use crate::{Authenticate, testing::give_verifier};
use engine::Engine;
use host::{Flow, Plugin, Stream, fake::FakeHost};
use proptest::{prelude::*, sample::Index, test_runner::TestRunner};
use std::rc::Rc;
use testkit::tokens::{self, corpus};

const SERVICE: &str = "orders.example";

/// What became of a request: nothing, or a 401 with these details.
fn outcome(engine: &Rc<Filter>, host: &FakeHost, case: &corpus::Case) -> Option<String> {
    let mut headers = vec![
        (":method", b"GET".to_vec()),
        (":authority", SERVICE.as_bytes().to_vec()),
        (":path", case.target.as_bytes().to_vec()),
    ];
    headers.extend(case.headers.iter().cloned());
    host.set_request(&headers);
    let before = host.replies().len();
    let flow = engine.open().request_headers(host, true);
    let mut replies = host.replies().split_off(before);
    assert_eq!(flow == Flow::Continue, replies.is_empty(), "{}", case.name);
    let reply = replies.pop()?;
    assert_eq!(reply.status, 401, "{}", case.name);
    let challenge = header(&reply, "www-authenticate").unwrap();
    let is_asked = reply.details == "steward_jwt_missing";
    assert_eq!(
        is_asked,
        !challenge.contains("invalid_token"),
        "{}: {challenge}",
        case.name
    );
    Some(reply.details)
}

type Filter = Engine<(Authenticate,)>;

fn configured(host: &FakeHost) -> Rc<Filter> {
    host.set_wall_clock(tokens::now());
    give_verifier(host);
    let document = corpus::document(SERVICE).unwrap().to_string();
    let engine = Filter::configure(host, document.as_bytes());
    Rc::new(engine.unwrap_or_else(|| panic!("{:?}", host.lines())))
}

#[test]
fn every_case_of_the_corpus_ends_as_it_should_and_the_operator_learns_why() {
    let host = FakeHost::new();
    let engine = configured(&host);
    let mut wrong = Vec::new();
    for case in corpus::cases().unwrap() {
        // Twice: what the cache remembers must not change the answer.
        for _ in 0..2 {
            let details = outcome(&engine, &host, &case);
            let reason = details
                .as_deref()
                .and_then(|details| details.split('{').next());
            if reason != case.refused {
                wrong.push(format!("{}: {reason:?}, not {:?}", case.name, case.refused));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Of every algorithm's token, known or not, there is one text: a byte changed, left out or put in, and it is refused.
#[test]
fn no_other_text_of_a_good_token_passes() {
    let host = FakeHost::new();
    let engine = configured(&host);
    let mut good = corpus::cases().unwrap();
    good.retain(|case| case.refused.is_none() && case.name.contains("good-"));
    assert!(good.len() > 20);
    for case in &good {
        assert_eq!(outcome(&engine, &host, case), None, "{}", case.name);
    }
    let change = (any::<Index>(), any::<Index>(), any::<u8>(), 0..3);
    let verdict = TestRunner::default().run(&change, |(which, at, byte, how)| {
        let mut case = which.get(&good).clone();
        let value = &mut case.headers[0].1;
        let before = value.clone();
        let at = "Bearer ".len() + at.index(value.len() - "Bearer ".len());
        match how {
            0 => value[at] = byte,
            1 => drop(value.remove(at)),
            _ => value.insert(at, byte),
        }
        // White space around a token is none of it.
        prop_assume!(value[7..].trim_ascii() != &before[7..]);
        prop_assert!(outcome(&engine, &host, &case).is_some(), "{:?}", case);
        Ok(())
    });
    verdict.unwrap();
}
