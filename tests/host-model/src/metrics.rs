//! Metrics: one of a name per process, whoever defines it.

/// What a metric does with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes both ways.
    Gauge,
    /// A distribution.
    Histogram,
}

/// All metrics of a process; a handle is an index.
#[derive(Default)]
pub(crate) struct Metrics(Vec<Metric>);

/// One metric.
pub(crate) struct Metric {
    kind: Kind,
    name: String,
    value: i64,
    recorded: Vec<u64>,
}

/// Why an update was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// No such handle.
    Handle,
    /// Not a thing to do to this kind.
    Update,
}

// === impl Metrics ===

impl Metrics {
    pub(crate) fn define(&mut self, kind: Kind, name: &str) -> usize {
        let known = self
            .0
            .iter()
            .position(|metric| metric.kind == kind && metric.name == name);
        known.unwrap_or_else(|| {
            self.0.push(Metric {
                kind,
                name: name.to_owned(),
                value: 0,
                recorded: Vec::new(),
            });
            self.0.len() - 1
        })
    }

    pub(crate) fn increment(&mut self, handle: u32, offset: i64) -> Result<(), Invalid> {
        let metric = self.of(handle)?;
        match metric.kind {
            Kind::Counter if offset > 0 => metric.value += offset,
            Kind::Gauge => metric.value += offset,
            Kind::Counter | Kind::Histogram => return Err(Invalid::Update),
        }
        Ok(())
    }

    pub(crate) fn record(&mut self, handle: u32, value: u64) -> Result<(), Invalid> {
        let metric = self.of(handle)?;
        let signed = i64::try_from(value).unwrap_or(i64::MAX);
        match metric.kind {
            Kind::Counter => metric.value = metric.value.saturating_add(signed),
            Kind::Gauge => metric.value = signed,
            Kind::Histogram => metric.recorded.push(value),
        }
        Ok(())
    }

    pub(crate) fn read(&mut self, handle: u32) -> Result<u64, Invalid> {
        let metric = self.of(handle)?;
        match metric.kind {
            Kind::Counter | Kind::Gauge => Ok(metric.value.cast_unsigned()),
            Kind::Histogram => Err(Invalid::Update),
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<i64> {
        self.named(name).map(|metric| metric.value)
    }

    pub(crate) fn recorded(&self, name: &str) -> Vec<u64> {
        self.named(name)
            .map_or_else(Vec::new, |metric| metric.recorded.clone())
    }

    pub(crate) fn all(&self) -> Vec<(Kind, String)> {
        self.0
            .iter()
            .map(|metric| (metric.kind, metric.name.clone()))
            .collect()
    }

    fn of(&mut self, handle: u32) -> Result<&mut Metric, Invalid> {
        let index = usize::try_from(handle).map_err(|_| Invalid::Handle)?;
        self.0.get_mut(index).ok_or(Invalid::Handle)
    }

    fn named(&self, name: &str) -> Option<&Metric> {
        self.0.iter().find(|metric| metric.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defining_again_finds_the_same_metric() {
        let mut metrics = Metrics::default();
        let first = metrics.define(Kind::Counter, "a");
        assert_eq!(metrics.define(Kind::Counter, "a"), first);
        assert_ne!(metrics.define(Kind::Counter, "b"), first);
    }

    #[test]
    fn each_kind_refuses_what_it_cannot_do() {
        let mut metrics = Metrics::default();
        for (kind, name) in [
            (Kind::Counter, "c"),
            (Kind::Gauge, "g"),
            (Kind::Histogram, "h"),
        ] {
            metrics.define(kind, name);
        }
        assert_eq!(metrics.increment(0, 0), Err(Invalid::Update));
        assert_eq!(metrics.increment(0, 3), Ok(()));
        assert_eq!(metrics.increment(1, -3), Ok(()));
        assert_eq!(metrics.increment(2, 1), Err(Invalid::Update));
        assert_eq!(metrics.read(2), Err(Invalid::Update));
        assert_eq!(metrics.record(3, 1), Err(Invalid::Handle));
        assert_eq!(
            (metrics.value("c"), metrics.value("g")),
            (Some(3), Some(-3))
        );
    }
}
