//! Rate limits, exact over all workers, as a module of its own.
