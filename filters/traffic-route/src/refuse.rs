//! How the parts of the stage say that a document cannot be carried out.

/// Takes the JSON pointer of what cannot be carried out, and why.
pub(crate) type Refuse<'a> = dyn FnMut(&str, &str) + 'a;
