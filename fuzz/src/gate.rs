//! The whole `jwt-auth` filter as a gate: which requests pass, and with what.
//!
//! The host's `verify_signature` is played by a list of what was signed: a question is answered with yes if it is, byte by
//! byte, one that an issued token asks. A filter that verified other bytes than those it goes on to believe, or another key's,
//! would be found out, with no cryptography in the way of the fuzzer.

use engine::Engine;
use host::{Host, Plugin, Stream, fake::FakeHost};
use jwt_auth::{Authenticate, Permit};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The time at which everything happens, in seconds since the epoch.
pub(crate) const NOW: u64 = 1_700_000_000;

type Filter = Engine<(Authenticate, Permit)>;

/// The filter with one document.
pub(crate) struct Gate {
    filter: Rc<Filter>,
    host: FakeHost,
    signed: Rc<RefCell<Signed>>,
}

#[derive(Default)]
struct Signed {
    questions: Vec<Vec<u8>>,
    /// Whether new questions are taken for issued tokens'.
    is_issuing: bool,
}

// === impl Gate ===

impl Gate {
    /// Configures the filter; the document must be right.
    pub(crate) fn new(document: &str) -> Self {
        let host = FakeHost::new();
        host.set_wall_clock(Duration::from_secs(NOW));
        let filter = Filter::configure(&host, document.as_bytes());
        let filter = filter.unwrap_or_else(|| panic!("{:?}", host.lines()));
        Self {
            filter: Rc::new(filter),
            host,
            signed: Rc::default(),
        }
    }

    /// Lets a token through as issued, which it must be in every other respect.
    pub(crate) fn issue(&self, token: &[u8]) {
        self.signed.borrow_mut().is_issuing = true;
        let host = self.ask(token);
        self.signed.borrow_mut().is_issuing = false;
        assert!(host.replies().is_empty(), "{:?}", host.replies());
    }

    /// Sends a request with this token.
    pub(crate) fn ask(&self, token: &[u8]) -> FakeHost {
        // A host of its own for each request, since a fake one keeps what it was told.
        let host = self.host.another_worker();
        let signed = Rc::clone(&self.signed);
        host.set_foreign("verify_signature", move |question| {
            Ok(signed.borrow_mut().answer(question))
        });
        host.set_request(&[
            (":method", b"GET".to_vec()),
            (":authority", b"orders.example".to_vec()),
            (":path", b"/orders".to_vec()),
            ("x-user-id", b"mallory".to_vec()),
            ("authorization", [b"Bearer ", token].concat()),
        ]);
        self.filter.open().request_headers(&host, true);
        for reply in host.replies() {
            assert_eq!(reply.status, 401, "{}", reply.details);
        }
        let sent = host.request_headers().unwrap();
        let is_forged = sent.get("x-user-id") == Some(b"mallory");
        assert!(
            !is_forged || !host.replies().is_empty(),
            "a client's header went on"
        );
        host
    }

    /// Whether a request with this token passes.
    pub(crate) fn passes(&self, token: &[u8]) -> bool {
        self.ask(token).replies().is_empty()
    }
}

// === impl Signed ===

impl Signed {
    fn answer(&mut self, question: &[u8]) -> Vec<u8> {
        if self.is_issuing {
            self.questions.push(question.to_vec());
        }
        match self.questions.iter().any(|known| known == question) {
            true => vec![0x08, 0x01],
            false => Vec::new(),
        }
    }
}
