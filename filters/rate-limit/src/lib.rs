//! Rate limits, exact over all workers.
