//! An issuer of keys: a server that answers as a test wants it to, and counts who asks.

#![allow(
    clippy::disallowed_types,
    reason = "a server for tests: its threads need a mutex"
)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Answers with this status and body.
    Answer(u16, Vec<u8>),
    /// Reads the request and says nothing.
    Hang,
    /// Closes the connection.
    Close,
}

/// Runs until the test ends.
pub(crate) struct Issuer {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    manner: Manner,
    /// The requests' first lines.
    asked: Vec<String>,
    /// Connections that got no answer, so that they stay open.
    held: Vec<TcpStream>,
}

// === impl Issuer ===

impl Issuer {
    pub(crate) fn start(manner: Manner) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let issuer = Self {
            addr: listener.local_addr()?,
            state: Arc::new(Mutex::new(State {
                manner,
                asked: Vec::new(),
                held: Vec::new(),
            })),
        };
        let state = Arc::clone(&issuer.state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is none of the test's business.
                let _ = serve(stream, &state);
            }
        });
        Ok(issuer)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn behave(&self, manner: Manner) {
        with(&self.state, |state| state.manner = manner);
    }

    /// The first lines of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        with(&self.state, |state| state.asked.clone())
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let manner = with(state, |state| {
        state.asked.push(first);
        state.manner.clone()
    });
    match manner {
        Manner::Answer(status, body) => {
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} -\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            )?;
            stream.write_all(&body)
        }
        Manner::Hang => {
            with(state, |state| state.held.push(stream));
            Ok(())
        }
        Manner::Close => Ok(()),
    }
}

fn with<T>(state: &Mutex<State>, f: impl FnOnce(&mut State) -> T) -> T {
    f(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}
