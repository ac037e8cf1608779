//! What the person in front of it reads: a line a step, and for a step that takes longer than two seconds a line that
//! shows it is alive.
//!
//! All of it goes to standard error, like cargo's own progress.

use std::{
    io::{IsTerminal, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// A step shorter than this shows no progress: nobody has begun to wonder yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// On a terminal the line is rewritten in place each second; in a log each repetition is a line, so they are rarer.
const TERMINAL_PERIOD: Duration = Duration::from_secs(1);
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// Says what is being done, or what was found.
pub(crate) fn line(text: impl std::fmt::Display) {
    eprintln!("== {text}");
}

/// Says `what`, does it, and shows the elapsed time while it lasts.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> T) -> T {
    line(what);
    let begun = Instant::now();
    let (done, waiting) = mpsc::channel();
    let result = thread::scope(|scope| {
        scope.spawn(move || show_progress(begun, &waiting));
        let result = work();
        drop(done);
        result
    });
    if begun.elapsed() > PATIENCE {
        eprintln!("   took {}", duration(begun.elapsed()));
    }
    result
}

/// `1 min 5 s`, `12 s`.
pub(crate) fn duration(of: Duration) -> String {
    let seconds = of.as_secs();
    match seconds / 60 {
        0 => format!("{seconds} s"),
        minutes => format!("{minutes} min {} s", seconds % 60),
    }
}

fn show_progress(begun: Instant, done: &Receiver<()>) {
    let terminal = std::io::stderr().is_terminal();
    let period = if terminal {
        TERMINAL_PERIOD
    } else {
        LOG_PERIOD
    };
    let mut wait = PATIENCE;
    while done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        let elapsed = duration(begun.elapsed());
        if terminal {
            eprint!("\r   {elapsed} …");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("   {elapsed} …");
        }
        wait = period;
    }
    if terminal && begun.elapsed() > PATIENCE {
        eprint!("\r\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        assert_eq!(duration(Duration::from_millis(2_900)), "2 s");
        assert_eq!(duration(Duration::from_secs(65)), "1 min 5 s");
    }

    #[test]
    fn a_step_hands_on_what_its_work_returns() {
        assert_eq!(step("adding", || 1 + 1), 2);
    }
}
