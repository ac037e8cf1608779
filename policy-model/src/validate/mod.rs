//! In work.

use crate::document::Document;
use crate::finding::Report;

pub(crate) fn check(_document: &Document, _report: &mut Report) {}
