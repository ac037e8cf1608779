//! A closed loop of requests over connections that stay open, each answer checked.
//!
//! `wrk` would do for one URL. This load is thousands of tokens with refusals among them, and a filter that is fast because
//! it lets a refused request pass must not win: every request carries the status that is its only right answer, and the
//! first wrong one ends the run.

use crate::Answer;
use std::{
    cell::{Cell, RefCell},
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, runtime, task::LocalSet};

/// A request, ready to be sent, and its right answer.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The request's bytes.
    pub bytes: Rc<[u8]>,
    /// The status that must come back, or [`ANY`](Self::ANY).
    pub status: u16,
}

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Where to.
    pub address: SocketAddr,
    /// How many connections, each with one request on its way at a time.
    pub connections: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Time from a request's first byte to its answer's last, in nanoseconds, one for each answer in the order they came.
    pub latencies: Vec<u64>,
    /// The places in the list of those of any status that were answered otherwise than 200.
    pub refused: Vec<usize>,
}

/// Why the load was given up.
#[derive(Debug)]
pub enum Wrong {
    /// An answer with a status that it should not have.
    Status {
        /// Which request, by its place in the list.
        shot: usize,
        /// What it should have been.
        expected: u16,
        /// What it was.
        found: u16,
        /// The answer as it came.
        answer: String,
    },
    /// Bytes that are no answer.
    Unreadable(String),
    /// The connection failed.
    Io(io::Error),
}

/// What the connections share.
struct Run {
    shots: Rc<[Shot]>,
    next: Cell<usize>,
    last: usize,
    until: Option<Instant>,
    tally: RefCell<Tally>,
}

/// Larger than any answer here.
const BUFFER: usize = 16 * 1024;

// === impl Shot ===

impl Shot {
    /// Whatever status comes back is right, and told.
    pub const ANY: u16 = 0;
}

// === impl Load ===

impl Load {
    /// Sends `shots` over and over, from number `from` on, for as long as `span`. Returns the number to go on with.
    ///
    /// # Errors
    /// The first wrong answer.
    pub fn repeat(
        &self,
        shots: &Rc<[Shot]>,
        from: usize,
        span: Duration,
    ) -> Result<(Tally, usize), Wrong> {
        self.run(Run {
            shots: Rc::clone(shots),
            next: Cell::new(from),
            last: usize::MAX,
            until: Some(Instant::now() + span),
            tally: RefCell::default(),
        })
    }

    /// Sends each of `shots` once.
    ///
    /// # Errors
    /// The first wrong answer.
    pub fn once(&self, shots: &Rc<[Shot]>) -> Result<Tally, Wrong> {
        let run = Run {
            shots: Rc::clone(shots),
            next: Cell::new(0),
            last: shots.len(),
            until: None,
            tally: RefCell::default(),
        };
        self.run(run).map(|(tally, _)| tally)
    }

    fn run(&self, run: Run) -> Result<(Tally, usize), Wrong> {
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let run = Rc::new(run);
        let all = async {
            let spawn = |_| {
                let (run, address) = (Rc::clone(&run), self.address);
                tokio::task::spawn_local(async move { run.connection(address).await })
            };
            let tasks: Vec<_> = (0..self.connections).map(spawn).collect();
            for task in tasks {
                task.await.map_err(|error| Wrong::Io(error.into()))??;
            }
            Ok::<(), Wrong>(())
        };
        LocalSet::new().block_on(&runtime, all)?;
        Ok((run.tally.take(), run.next.get()))
    }
}

// === impl Run ===

impl Run {
    /// One connection's requests, one after the other.
    async fn connection(&self, address: SocketAddr) -> Result<(), Wrong> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; BUFFER];
        while let Some((number, shot)) = self.take() {
            let begun = Instant::now();
            send(&stream, &shot.bytes).await?;
            let answer = receive(&stream, &mut buffer).await?;
            let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            if shot.status == Shot::ANY {
                if answer.status != 200 {
                    self.tally.borrow_mut().refused.push(number);
                }
            } else if answer.status != shot.status {
                let text = buffer.get(..answer.len).unwrap_or_default();
                return Err(Wrong::Status {
                    shot: number,
                    expected: shot.status,
                    found: answer.status,
                    answer: String::from_utf8_lossy(text).into_owned(),
                });
            }
            self.tally.borrow_mut().latencies.push(took);
        }
        Ok(())
    }

    /// The next request and its place in the list, as long as there is time.
    fn take(&self) -> Option<(usize, &Shot)> {
        let number = self.next.get();
        if number >= self.last || self.until.is_some_and(|until| Instant::now() >= until) {
            return None;
        }
        self.next.set(number + 1);
        let number = number.checked_rem(self.shots.len())?;
        Some((number, self.shots.get(number)?))
    }
}

async fn send(stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn receive(stream: &TcpStream, buffer: &mut [u8]) -> Result<Answer, Wrong> {
    let mut filled = 0;
    loop {
        stream.readable().await?;
        match stream.try_read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => return Err(Wrong::Io(io::ErrorKind::UnexpectedEof.into())),
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        let bytes = buffer.get(..filled).unwrap_or_default();
        let unreadable = |_| Wrong::Unreadable(String::from_utf8_lossy(bytes).into_owned());
        if let Some(answer) = Answer::read(bytes).map_err(unreadable)? {
            return Ok(answer);
        }
    }
}

// === impl Wrong ===

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                shot,
                expected,
                found,
                answer,
            } => write!(
                f,
                "request {shot} was answered {found}, not {expected}:\n{answer}"
            ),
            Self::Unreadable(bytes) => write!(f, "no answer that can be read: {bytes:?}"),
            Self::Io(error) => write!(f, "the connection failed: {error}"),
        }
    }
}

impl std::error::Error for Wrong {}

#[cfg(test)]
mod tests;
