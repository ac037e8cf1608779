//! The governance document: types, validation, inheritance, matching.
