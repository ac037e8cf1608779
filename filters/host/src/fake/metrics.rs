//! Metrics as Envoy keeps them: by name, shared by all workers.

use crate::{HostError, MetricId, MetricKind};
use std::{cell::RefCell, rc::Rc};

/// A process's metrics. A clone is the same metrics.
#[derive(Clone, Default)]
pub(super) struct Metrics(Rc<RefCell<Vec<Metric>>>);

struct Metric {
    kind: MetricKind,
    name: String,
    value: i64,
    recorded: Vec<u64>,
}

// === impl Metrics ===

impl Metrics {
    pub(super) fn define(&self, kind: MetricKind, name: &str) -> MetricId {
        let mut metrics = self.0.borrow_mut();
        let known = metrics
            .iter()
            .position(|metric| metric.name == name && metric.kind == kind);
        let index = known.unwrap_or_else(|| {
            metrics.push(Metric {
                kind,
                name: name.to_owned(),
                value: 0,
                recorded: Vec::new(),
            });
            metrics.len() - 1
        });
        MetricId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn add(&self, id: MetricId, delta: i64) -> Result<(), HostError> {
        self.with(id, |metric| match metric.kind {
            MetricKind::Histogram => Err(HostError::BadArgument),
            MetricKind::Counter if delta <= 0 => Err(HostError::BadArgument),
            MetricKind::Counter | MetricKind::Gauge => {
                metric.value += delta;
                Ok(())
            }
        })
    }

    pub(super) fn record(&self, id: MetricId, value: u64) -> Result<(), HostError> {
        let signed = i64::try_from(value).map_err(|_| HostError::BadArgument)?;
        self.with(id, |metric| {
            match metric.kind {
                MetricKind::Counter => metric.value += signed,
                MetricKind::Gauge => metric.value = signed,
                MetricKind::Histogram => metric.recorded.push(value),
            }
            Ok(())
        })
    }

    pub(super) fn value(&self, name: &str) -> Option<i64> {
        self.0
            .borrow()
            .iter()
            .find(|metric| metric.name == name)
            .map(|metric| metric.value)
    }

    pub(super) fn recorded(&self, name: &str) -> Vec<u64> {
        let metrics = self.0.borrow();
        metrics
            .iter()
            .find(|metric| metric.name == name)
            .map_or_else(Vec::new, |metric| metric.recorded.clone())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0
            .borrow()
            .iter()
            .map(|metric| metric.name.clone())
            .collect()
    }

    fn with<T>(
        &self,
        id: MetricId,
        f: impl FnOnce(&mut Metric) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let index = usize::try_from(id.0).map_err(|_| HostError::NotFound)?;
        self.0
            .borrow_mut()
            .get_mut(index)
            .map_or(Err(HostError::NotFound), f)
    }
}
