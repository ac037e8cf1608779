//! A document, compiled: everything that can be decided once has been.

use crate::{
    Metrics, Pipeline, RequestView, Trust,
    metrics::{Counter, Gauge},
    ticks::Ticks,
    waiting::WaitingRoom,
};
use host::Host;
use policy_model::{
    Document, Model, Report, Severity,
    document::Unmatched,
    model::{Located, ServiceId, Target},
};

/// What became of a request, as `steward_requests_total` counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Refused,
}

/// A compiled document in one VM.
pub(crate) struct Plan<P> {
    model: Model,
    pipeline: P,
    trust: Trust,
    unmatched: Unmatched,
    waiting: WaitingRoom,
    services: Vec<ServiceCounters>,
    strangers: ServiceCounters,
    findings: [(Severity, Gauge); 3],
    info: Gauge,
    ticks: Ticks,
}

#[derive(Clone, Copy)]
struct ServiceCounters {
    passed: Counter,
    refused: Counter,
}

/// Stands for the service of a request that no service matches.
const STRANGER: &str = "-";

// === impl Plan ===

impl<P: Pipeline> Plan<P> {
    pub(crate) fn new(
        document: &Document,
        model: Model,
        pipeline: P,
        ticks: Ticks,
        mut metrics: Metrics<'_>,
    ) -> Self {
        let mut counters = |service: &str, passed: &str| ServiceCounters {
            passed: requests(&mut metrics, service, passed),
            refused: requests(&mut metrics, service, "refused"),
        };
        let services = model
            .services()
            .map(|(_, service)| counters(&service.name, "passed"));
        let services = services.collect();
        let strangers = counters(STRANGER, "unmatched");
        let settings = &document.settings;
        Self {
            model,
            pipeline,
            trust: if settings.trusted_client_headers {
                Trust::Inside
            } else {
                Trust::Edge
            },
            unmatched: settings.unmatched,
            waiting: WaitingRoom::new(settings.max_waiting),
            services,
            strangers,
            findings: [Severity::Error, Severity::Warning, Severity::Info].map(|severity| {
                let label = severity.to_string();
                (
                    severity,
                    metrics.gauge("steward_config_findings", &[("severity", &label)]),
                )
            }),
            info: metrics.gauge(
                "steward_config_info",
                &[("version", env!("CARGO_PKG_VERSION"))],
            ),
            ticks,
        }
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn pipeline(&self) -> &P {
        &self.pipeline
    }

    pub(crate) fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    pub(crate) fn waiting(&self) -> &WaitingRoom {
        &self.waiting
    }

    pub(crate) fn trust(&self) -> Trust {
        self.trust
    }

    /// Whether a request that no service matches is turned away.
    pub(crate) fn refuses_strangers(&self) -> bool {
        self.unmatched == Unmatched::Refuse
    }

    /// The service and the node of a request.
    pub(crate) fn locate(&self, view: &RequestView<'_>) -> Located {
        self.model.locate(&Target {
            host: view.host(),
            path: view.normal_path(),
            method: view.method(),
            group: Self::group_of(view),
        })
    }

    /// The service's name as logs and metrics have it.
    pub(crate) fn service_name(&self, service: Option<ServiceId>) -> &str {
        let service = service.and_then(|service| self.model.service(service));
        service.map_or(STRANGER, |service| &service.name)
    }

    pub(crate) fn count(&self, host: &dyn Host, service: Option<ServiceId>, outcome: Outcome) {
        let counters = service.and_then(|service| self.services.get(service.index()));
        let counters = counters.unwrap_or(&self.strangers);
        match outcome {
            Outcome::Passed => counters.passed.increment(host),
            Outcome::Refused => counters.refused.increment(host),
        }
    }

    /// Writes the gauges that tell what is configured; the same from every VM, so that repeating it does no harm.
    pub(crate) fn record_configuration(&self, host: &dyn Host, report: &Report) {
        for (severity, gauge) in self.findings {
            gauge.set(host, report.count(severity) as u64);
        }
        self.info.set(host, 1);
    }

    /// The group that a request asks for. A client's own wish counts only if clients are believed: the view hides it
    /// otherwise.
    fn group_of<'v>(view: &'v RequestView<'_>) -> Option<&'v [u8]> {
        view.header("x-service-group")
            .or_else(|| view.header("servicegroup"))
    }
}

fn requests(metrics: &mut Metrics<'_>, service: &str, outcome: &str) -> Counter {
    metrics.counter(
        "steward_requests_total",
        &[("service", service), ("outcome", outcome)],
    )
}
