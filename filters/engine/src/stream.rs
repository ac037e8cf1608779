//! One request, from its headers to its end.

use crate::{
    Cause, Changes, EndContext, Pipeline, Plan, Refusal, RequestContext, RequestView,
    ResponseContext, Verdict, clock::Clock, decisions::write_line, filter_state::tell_refusal,
    plan::Outcome, refusal::Addressee, waiting::Halt,
};
use host::{Flow, Host, HostError, LocalReply, Stream};
use policy_model::model::{Located, ServiceId};
use serde::Serialize;
use std::rc::Rc;

/// The state of one request.
pub struct RequestStream<P: Pipeline> {
    plan: Rc<Plan<P>>,
    states: P::States,
    changes: Changes,
    phase: Phase,
    /// Where it goes on, while it waits.
    halt: Option<Box<Halt>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No stage has seen it.
    Unseen,
    /// The stages have agreed.
    Passed,
    /// A stage, or the engine, has answered it.
    Refused,
}

#[derive(Serialize)]
struct RefusalLine<'a> {
    steward: &'static str,
    request_id: &'a str,
    trace_id: &'a str,
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    status: u32,
    details: &'a str,
}

/// The reply to a request whose headers the host would not give: nothing can be decided, so nothing passes.
const UNREADABLE: LocalReply<'static> = LocalReply {
    status: 503,
    grpc_status: None,
    details: "steward_headers_unreadable",
    headers: &[],
    body: b"the request's headers could not be read",
};

// === impl RequestStream ===

impl<P: Pipeline> RequestStream<P> {
    pub(crate) fn new(plan: Rc<Plan<P>>) -> Self {
        Self {
            plan,
            states: P::States::default(),
            changes: Changes::default(),
            phase: Phase::Unseen,
            halt: None,
        }
    }

    fn decide(&mut self, host: &dyn Host, halt: Halt) -> Result<Flow, HostError> {
        let headers = host.request_headers()?;
        let plan = Rc::clone(&self.plan);
        let view = match RequestView::new(&headers, plan.trust()) {
            Ok(view) => view,
            Err(unsafe_path) => {
                let refusal = unsafe_path_refusal(unsafe_path);
                let view = RequestView::without_path(&headers, plan.trust());
                return self.refuse(host, &view, None, &refusal);
            }
        };
        if self.phase == Phase::Unseen {
            plan.trust().strip(&headers, &mut self.changes);
        }
        let located = plan.locate(&view);
        match self.ask(host, &view, &located, halt) {
            Verdict::Wait(wait) => Ok(Flow::Wait(wait)),
            Verdict::Reply(refusal) => self.refuse(host, &view, located.service, &refusal),
            Verdict::Continue => {
                self.changes.apply_request(host, |name| view.sent(name))?;
                plan.count(host, located.service, Outcome::Passed);
                self.phase = Phase::Passed;
                Ok(Flow::Continue)
            }
        }
    }

    fn ask(
        &mut self,
        host: &dyn Host,
        view: &RequestView<'_>,
        located: &Located,
        mut halt: Halt,
    ) -> Verdict {
        // Until every stage has agreed it counts as refused: an early end must not look like success.
        self.phase = Phase::Refused;
        let clock = Clock::new(host);
        let mut cx = RequestContext {
            host,
            view,
            service: located.service,
            node: located.node,
            identity: &mut halt.identity,
            changes: &mut self.changes,
            is_whole: halt.is_whole,
            can_wait: self.plan.waiting().has_room(),
            model: self.plan.model(),
            clock: &clock,
        };
        let pipeline = self.plan.pipeline();
        let verdict = pipeline.request(&mut cx, &mut self.states, &mut halt.stage);
        if matches!(verdict, Verdict::Wait(_)) {
            self.plan.waiting().enter();
            self.halt = Some(Box::new(halt));
        }
        let stranger = located.service.is_none() && self.plan.refuses_strangers();
        match verdict {
            Verdict::Continue if stranger => no_such_service().into(),
            verdict => verdict,
        }
    }

    /// Ends the waiting; from where the request goes on, if it waited.
    fn take_halt(&mut self) -> Option<Halt> {
        let halt = self.halt.take()?;
        self.plan.waiting().leave();
        Some(*halt)
    }

    /// The verdict, or a refusal where the host made one impossible.
    fn carried_out(host: &dyn Host, decided: Result<Flow, HostError>) -> Flow {
        decided.unwrap_or_else(|error| {
            host.log(
                log::Level::Error,
                &format!("steward: a request could not be decided: {error}"),
            );
            // If even this fails the stream stays paused until the listener's idle timeout ends it: closed, not open.
            let _ = host.reply(&UNREADABLE);
            Flow::Pause
        })
    }

    /// Tells the stages of an end, unless no stage has seen the request.
    fn tell(&mut self, host: &dyn Host, of: impl Fn(&P, &mut EndContext<'_>, &mut P::States)) {
        if self.phase == Phase::Unseen {
            return;
        }
        let mut cx = EndContext {
            host,
            refused: self.phase == Phase::Refused,
            clock: &Clock::new(host),
        };
        of(self.plan.pipeline(), &mut cx, &mut self.states);
    }

    fn refuse(
        &mut self,
        host: &dyn Host,
        view: &RequestView<'_>,
        service: Option<ServiceId>,
        refusal: &Refusal,
    ) -> Result<Flow, HostError> {
        self.plan.count(host, service, Outcome::Refused);
        self.log_refusal(host, view, service, refusal);
        let name = self.plan.service_name(service);
        tell_refusal(host, name, refusal.policy.as_deref());
        refusal.send(
            host,
            Addressee {
                request_id: view.request_id(),
                grpc: view.is_grpc(),
            },
        )?;
        Ok(Flow::Pause)
    }

    fn log_refusal(
        &self,
        host: &dyn Host,
        view: &RequestView<'_>,
        service: Option<ServiceId>,
        refusal: &Refusal,
    ) {
        let line = RefusalLine {
            steward: "refused_request",
            request_id: view.request_id(),
            trace_id: view.trace_id(),
            service: self.plan.service_name(service),
            policy: refusal.policy.as_deref(),
            status: refusal.status(),
            details: &refusal.details,
        };
        write_line(host, log::Level::Info, &line);
    }
}

impl<P: Pipeline> Stream for RequestStream<P> {
    fn request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Flow {
        let start = Halt {
            is_whole: end_of_stream,
            ..Halt::default()
        };
        let decided = self.decide(host, start);
        Self::carried_out(host, decided)
    }

    fn resume(&mut self, host: &dyn Host) -> Flow {
        match self.take_halt() {
            Some(halt) => {
                let decided = self.decide(host, halt);
                Self::carried_out(host, decided)
            }
            None => Flow::Pause,
        }
    }

    fn request_end(&mut self, host: &dyn Host) {
        self.tell(host, P::request_end);
    }

    fn response_headers(&mut self, host: &dyn Host, _end_of_stream: bool) -> Flow {
        if self.phase == Phase::Unseen {
            return Flow::Continue;
        }
        let clock = Clock::new(host);
        let mut cx = ResponseContext::new(
            host,
            self.phase == Phase::Refused,
            &mut self.changes,
            &clock,
        );
        self.plan.pipeline().response(&mut cx, &mut self.states);
        if let Err(error) = self.changes.apply_response(host) {
            host.log(
                log::Level::Warn,
                &format!("steward: a response header was not set: {error}"),
            );
        }
        Flow::Continue
    }

    fn response_trailers(&mut self, host: &dyn Host) {
        self.tell(host, P::response_trailers);
    }

    fn end(&mut self, host: &dyn Host) {
        self.take_halt();
        self.tell(host, P::end);
    }
}

fn no_such_service() -> Refusal {
    Refusal::new(
        Cause::NoSuchService,
        "steward_no_such_service",
        "no such service",
    )
}

fn unsafe_path_refusal(reason: policy_model::target::UnsafePath) -> Refusal {
    let details = format!("steward_unsafe_path{{{}}}", reason.name());
    Refusal::new(Cause::UnsafePath, details, reason.to_string())
}
