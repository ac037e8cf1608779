//! From the plugin configuration's bytes to a plan, or to a refusal that says why.
//!
//! Runs in a canary VM, on the main thread and on every worker. A refused document is told of in full by the VM that
//! refuses it. The remarks on an accepted one would come N+2 times: the first VM that puts the document's hash under a
//! shared key tells them, the others keep silent.

use crate::{CompileContext, Metrics, Pipeline, Plan, Position, ticks::Ticks};
use host::{Expected, Host, HostError};
use log::Level;
use policy_model::{
    Document, Finding, Model, Report, Severity,
    validate::{claims_asked_for, identity},
};
use serde::Serialize;
use siphasher::sip::SipHasher24;
use std::rc::Rc;

/// Under this shared-data key stands the hash of the document whose findings have been told.
const TOLD_KEY: &[u8] = b"steward/told";

const STRUCT_HINT: &str = "give the document as a google.protobuf.StringValue that holds JSON; Envoy hands a \
                           google.protobuf.Struct on as raw protobuf";

#[derive(Serialize)]
struct Line<'a> {
    steward: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<FindingLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct FindingLine<'a> {
    severity: String,
    pointer: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary {
    version: &'static str,
    document: String,
    services: usize,
    nodes: usize,
    policies: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

/// Compiles a document, logging what there is to say of it; `None` if it is refused.
pub(crate) fn configure<P: Pipeline>(host: &dyn Host, configuration: &[u8]) -> Option<Plan<P>> {
    let mut report = Report::default();
    let plan = compile(host, configuration, &mut report);
    let hash = SipHasher24::new().hash(configuration);
    match plan {
        Some(plan) if !report.is_refusal() => {
            accept(host, &plan, &report, hash);
            Some(plan)
        }
        _ => {
            tell(host, &report);
            host.log(Level::Error, &line("refused", None, None));
            None
        }
    }
}

/// All that is to be said of a document by the modules of these stages, and with it whether they take it: what [`Engine`]
/// finds when it is configured, without the log, the metrics and the shared data of a host that runs.
///
/// [`Engine`]: crate::Engine
#[must_use]
pub fn check<P: Pipeline>(host: &dyn Host, configuration: &[u8]) -> Report {
    let mut report = Report::default();
    let _ = compile::<P>(host, configuration, &mut report);
    report
}

fn compile<P: Pipeline>(host: &dyn Host, bytes: &[u8], report: &mut Report) -> Option<Plan<P>> {
    if !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        let hint = Some(STRUCT_HINT.to_owned());
        report.add(
            Severity::Error,
            "",
            "the plugin configuration is not a JSON document",
            hint,
        );
        return None;
    }
    let (document, read) = Document::read(bytes);
    *report = read;
    let document = document?;
    let model = Model::compile(&document, report);
    let claims = claims_asked_for(&document);
    let mut cx = CompileContext {
        host,
        claims: &claims.into_iter().map(Rc::from).collect(),
        document: &document,
        model: &model,
        report,
        metrics: Metrics::new(host),
        tick: None,
    };
    let pipeline = P::compile(&mut cx);
    blind(P::POSITIONS, &document, cx.report);
    let ticks = Ticks::new(cx.tick);
    Some(Plan::new(
        &document,
        model,
        pipeline,
        ticks,
        Metrics::new(host),
    ))
}

/// Without a stage that proves who calls, what others want to know of the caller is never seen.
fn blind(positions: &[Position], document: &Document, report: &mut Report) {
    if positions.contains(&Position::Authentication) {
        return;
    }
    let mut warn = |pointer: String| {
        let message =
            "never seen in this module, which verifies no tokens and keys: use `governance.wasm`";
        report.warning(pointer, message);
    };
    if positions.contains(&Position::Rate) {
        identity::in_limits(document).for_each(&mut warn);
    }
    if positions.contains(&Position::Route) {
        identity::in_routes(document).for_each(&mut warn);
    }
}

fn accept<P: Pipeline>(host: &dyn Host, plan: &Plan<P>, report: &Report, hash: u64) {
    plan.record_configuration(host, report);
    if !first_to_tell(host, hash) {
        return;
    }
    tell(host, report);
    let summary = Summary {
        version: env!("CARGO_PKG_VERSION"),
        document: format!("{hash:016x}"),
        services: plan.model().services().len(),
        nodes: plan.model().nodes().len(),
        policies: policies(plan.model()),
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
    };
    host.log(Level::Info, &line("configured", None, Some(summary)));
}

/// The policies that the document declares and enables, each once, wherever they hold.
fn policies(model: &Model) -> usize {
    let declared = model.nodes().map(|(id, node)| node.policy.declared_at(id));
    declared.sum()
}

/// Whether this VM is the first to have put this hash in place. On a host fault it tells: twice is better than never.
fn first_to_tell(host: &dyn Host, hash: u64) -> bool {
    let hash = hash.to_le_bytes();
    let swap = || -> Result<bool, HostError> {
        match host.shared_get(TOLD_KEY)? {
            Some(told) if told.bytes == hash => Ok(false),
            Some(told) => host.shared_swap(TOLD_KEY, &hash, Expected::Version(told.cas)),
            None => host.shared_swap(TOLD_KEY, &hash, Expected::Absent),
        }
    };
    swap().unwrap_or(true)
}

fn tell(host: &dyn Host, report: &Report) {
    for finding in report.findings() {
        host.log(
            level(finding.severity),
            &line("finding", Some(finding), None),
        );
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warn,
        Severity::Info => Level::Info,
    }
}

fn line(event: &'static str, finding: Option<&Finding>, summary: Option<Summary>) -> String {
    let finding = finding.map(|finding| FindingLine {
        severity: finding.severity.to_string(),
        pointer: &finding.pointer,
        message: &finding.message,
        suggestion: finding.suggestion.as_deref(),
    });
    serde_json::to_string(&Line {
        steward: event,
        finding,
        summary,
    })
    .unwrap_or_default()
}
