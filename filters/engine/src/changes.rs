//! What stages want changed on the way to the upstream and back.
//!
//! A stage never calls the host's header functions itself: it says what it wants, later stages already see it, and the
//! engine carries the sum out in one go once every stage has agreed.

use host::{Host, HostError};
use std::{ops::Deref, rc::Rc};

/// A header's name, in lower case.
#[derive(Clone, Debug)]
pub enum HeaderName {
    /// One of the house's own.
    Static(&'static str),
    /// The document's.
    Shared(Rc<str>),
    /// The client's.
    Own(String),
}

/// A header's value.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// Made for this request.
    Own(Vec<u8>),
    /// Made once for many requests, by a stage that knows when it compiles what it will say.
    Shared(Rc<[u8]>),
}

/// The collected changes of one request.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    request: Vec<(HeaderName, Option<HeaderValue>)>,
    response: Vec<(HeaderName, HeaderValue)>,
}

// === impl Changes ===

impl Changes {
    /// Replaces a request header. The name is in lower case.
    pub fn set_request(&mut self, name: impl Into<HeaderName>, value: impl Into<HeaderValue>) {
        self.put(name.into(), Some(value.into()));
    }

    /// Removes a request header. The name is in lower case.
    pub fn remove_request(&mut self, name: impl Into<HeaderName>) {
        self.put(name.into(), None);
    }

    /// Replaces a response header, once the response comes.
    pub fn set_response(&mut self, name: impl Into<HeaderName>, value: impl Into<HeaderValue>) {
        self.response.push((name.into(), value.into()));
    }

    /// What has been decided last about a response header.
    #[must_use]
    pub fn response(&self, name: &str) -> Option<&[u8]> {
        let mut decided = self.response.iter().rev();
        let found = decided.find(|(changed, _)| **changed == *name);
        found.map(|(_, value)| &**value)
    }

    /// What has been decided about a request header: `Some(None)` if it is to go, `None` if nothing was said.
    #[must_use]
    pub fn request(&self, name: &str) -> Option<Option<&[u8]>> {
        let found = self.request.iter().find(|(changed, _)| **changed == *name);
        found.map(|(_, value)| value.as_deref())
    }

    /// Carries the request changes out. `present` tells whether the client sent a header: an absent one needs no removal.
    pub(crate) fn apply_request(
        &self,
        host: &dyn Host,
        present: impl Fn(&str) -> bool,
    ) -> Result<(), HostError> {
        for (name, value) in &self.request {
            match value {
                Some(value) => host.set_request_header(name, value)?,
                None if present(name) => host.remove_request_header(name)?,
                None => {}
            }
        }
        Ok(())
    }

    /// Carries the response changes out.
    pub(crate) fn apply_response(&self, host: &dyn Host) -> Result<(), HostError> {
        self.response
            .iter()
            .try_for_each(|(name, value)| host.set_response_header(name, value))
    }

    fn put(&mut self, name: HeaderName, value: Option<HeaderValue>) {
        match self
            .request
            .iter_mut()
            .find(|(changed, _)| **changed == *name)
        {
            Some((_, slot)) => *slot = value,
            None => self.request.push((name, value)),
        }
    }
}

// === impl HeaderName ===

impl Deref for HeaderName {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
            Self::Own(name) => name,
        }
    }
}

impl From<&'static str> for HeaderName {
    fn from(name: &'static str) -> Self {
        Self::Static(name)
    }
}

impl From<Rc<str>> for HeaderName {
    fn from(name: Rc<str>) -> Self {
        Self::Shared(name)
    }
}

impl From<String> for HeaderName {
    fn from(name: String) -> Self {
        Self::Own(name)
    }
}

// === impl HeaderValue ===

impl Deref for HeaderValue {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Own(value) => value,
            Self::Shared(value) => value,
        }
    }
}

impl From<Rc<[u8]>> for HeaderValue {
    fn from(value: Rc<[u8]>) -> Self {
        Self::Shared(value)
    }
}

impl From<Vec<u8>> for HeaderValue {
    fn from(value: Vec<u8>) -> Self {
        Self::Own(value)
    }
}

impl From<String> for HeaderValue {
    fn from(value: String) -> Self {
        Self::Own(value.into())
    }
}

impl From<&[u8]> for HeaderValue {
    fn from(value: &[u8]) -> Self {
        Self::Own(value.into())
    }
}

impl From<&str> for HeaderValue {
    fn from(value: &str) -> Self {
        Self::Own(value.into())
    }
}
