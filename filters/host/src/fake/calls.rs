//! Calls to other clusters, as they were sent. They are never answered by themselves.

use crate::{CallId, HostError, HttpCall};
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// A call that was sent, owned. Whoever tests gives the answer to the plugin himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCall {
    /// What its answer will be known by.
    pub id: CallId,
    /// See [`HttpCall::cluster`].
    pub cluster: String,
    /// See [`HttpCall::headers`].
    pub headers: Vec<(String, String)>,
    /// See [`HttpCall::body`].
    pub body: Vec<u8>,
    /// See [`HttpCall::timeout`].
    pub timeout: Duration,
}

/// The calls of one worker.
#[derive(Default)]
pub(super) struct Calls {
    sent: RefCell<Vec<SentCall>>,
    refused: Cell<Option<HostError>>,
}

// === impl Calls ===

impl Calls {
    pub(super) fn send(&self, call: &HttpCall<'_>) -> Result<CallId, HostError> {
        call.check()?;
        if let Some(error) = self.refused.get() {
            return Err(error);
        }
        let mut sent = self.sent.borrow_mut();
        let id = CallId(u32::try_from(sent.len()).unwrap_or(u32::MAX));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        sent.push(SentCall {
            id,
            cluster: call.cluster.to_owned(),
            headers: call.headers.iter().map(owned).collect(),
            body: call.body.to_vec(),
            timeout: call.timeout,
        });
        Ok(id)
    }

    pub(super) fn refuse(&self, error: Option<HostError>) {
        self.refused.set(error);
    }

    pub(super) fn sent(&self) -> Vec<SentCall> {
        self.sent.borrow().clone()
    }
}
