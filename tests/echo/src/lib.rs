//! The upstream of demo and tests: answers with its name and what it saw.
