//! What an answer must be.

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use testkit::Response;

/// What must come back, and what the access log must say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expect {
    pub(crate) status: u16,
    /// Headers that must be there, with their value if it matters.
    pub(crate) headers: &'static [(&'static str, Option<&'static str>)],
    /// JSON pointers into the body with the value there, as text.
    pub(crate) json: &'static [(&'static str, &'static str)],
    /// A part of the body.
    pub(crate) text: &'static str,
    /// JSON pointers into the line of the access log with the value there, as text.
    pub(crate) log: &'static [(&'static str, &'static str)],
}

// === impl Expect ===

impl Expect {
    /// This status, whatever else.
    pub(crate) const fn status(status: u16) -> Self {
        Self {
            status,
            headers: &[],
            json: &[],
            text: "",
            log: &[],
        }
    }

    pub(crate) fn check(&self, response: &Response) -> anyhow::Result<()> {
        ensure!(
            response.status == self.status,
            "the status is {}, not {}",
            response.status,
            self.status
        );
        for (name, value) in self.headers {
            let found = response
                .header(name)
                .with_context(|| format!("there is no header {name}"))?;
            if value.is_some_and(|value| value != found) {
                bail!("the header {name} is {found:?}");
            }
        }
        ensure!(
            response.text().contains(self.text),
            "the body has no {:?}",
            self.text
        );
        if self.json.is_empty() {
            return Ok(());
        }
        all_there(&response.json()?, self.json).context("the body")
    }

    /// The access log's word on the request.
    pub(crate) fn check_log(&self, line: &Value) -> anyhow::Result<()> {
        all_there(line, self.log).context("the access log")
    }
}

fn all_there(tree: &Value, wanted: &[(&str, &str)]) -> anyhow::Result<()> {
    for (pointer, wanted) in wanted {
        let found = tree
            .pointer(pointer)
            .with_context(|| format!("there is no {pointer}"))?;
        let text = found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned);
        ensure!(text == *wanted, "{pointer} is {text}, not {wanted}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Response {
        Response {
            status: 200,
            headers: vec![("a".to_owned(), b"1".to_vec())],
            body: br#"{"b": {"c": 2}}"#.to_vec(),
        }
    }

    #[test]
    fn each_part_can_fail() {
        let right = Expect {
            headers: &[("a", Some("1"))],
            json: &[("/b/c", "2")],
            text: "\"c\"",
            ..Expect::status(200)
        };
        assert!(right.check(&answer()).is_ok());
        let wrong = [
            Expect::status(201),
            Expect {
                headers: &[("a", Some("2"))],
                ..right
            },
            Expect {
                headers: &[("z", None)],
                ..right
            },
            Expect {
                json: &[("/b/c", "3")],
                ..right
            },
            Expect { text: "z", ..right },
        ];
        for expect in wrong {
            assert!(expect.check(&answer()).is_err(), "{expect:?}");
        }
    }

    #[test]
    fn the_log_must_say_it_too() {
        let expect = Expect {
            log: &[("/details", "x")],
            ..Expect::status(200)
        };
        assert!(
            expect
                .check_log(&serde_json::json!({"details": "x"}))
                .is_ok()
        );
        assert!(
            expect
                .check_log(&serde_json::json!({"details": null}))
                .is_err()
        );
    }
}
