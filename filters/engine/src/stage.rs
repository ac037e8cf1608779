//! The seam between the engine and what it runs: a stage, and several stages as one pipeline.
//!
//! Stages are composed as a tuple, at compile time: no boxes, no dynamic calls, and a module carries only the code of the
//! stages it has. Their order is the model's inbound order and is checked when the module is compiled.

use crate::{
    BackgroundContext, CompileContext, EndContext, Refusal, RequestContext, ResponseContext,
};
use host::{CallAnswer, CallId, Wait};

/// What a stage answers in the request phase.
#[derive(Debug)]
pub enum Verdict {
    /// On to the next stage.
    Continue,
    /// Answer here.
    Reply(Box<Refusal>),
    /// Hold the request, then ask this stage again; only where
    /// [`can_wait`](RequestContext::can_wait). What the stages so far have
    /// found and changed is kept, and none of them is asked again.
    Wait(Wait),
}

/// Where a stage stands in the pipeline: the inbound order of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// How often, whoever it is?
    EarlyRate,
    /// Who is it?
    Authentication,
    /// May they do this?
    Permission,
    /// How many at once?
    Concurrency,
    /// How often?
    Rate,
    /// To which instances: tags, then lanes.
    Route,
    /// Is the service fit to be called?
    Breaker,
}

/// One kind of governance, for all nodes of a document.
pub trait Stage: Sized + 'static {
    /// What one request carries from its request phase to its end.
    type State: Default;

    /// Where it stands.
    const POSITION: Position;

    /// Turns the document's policies into what requests need, once. What cannot be carried out is reported as an error
    /// finding, which refuses the document.
    fn compile(cx: &mut CompileContext<'_>) -> Self;

    /// Decides a request. After [`Verdict::Wait`] it is called again, with the same state.
    fn request(&self, cx: &mut RequestContext<'_>, state: &mut Self::State) -> Verdict;

    /// Learns that the request has come whole, if its headers were not all of it. Where an earlier stage refused the
    /// request, `state` is still the default.
    fn request_end(&self, _cx: &mut EndContext<'_>, _state: &mut Self::State) {}

    /// Sees the response's headers: the upstream's, a local reply of Envoy, or a reply of ours. Where an earlier stage
    /// refused the request, `state` is still the default.
    fn response(&self, _cx: &mut ResponseContext<'_>, _state: &mut Self::State) {}

    /// Sees the response's trailers, if it has any. Where an earlier stage refused the request, `state` is still the default.
    fn response_trailers(&self, _cx: &mut EndContext<'_>, _state: &mut Self::State) {}

    /// Sees the request's end, however it came: exactly once if [`request`](Self::request) saw it. Where an earlier stage
    /// refused the request, `state` is still the default. Who still waited has left.
    fn end(&self, _cx: &mut EndContext<'_>, _state: &mut Self::State) {}

    /// Does what no request should wait for: as often as the stage [asked](CompileContext::tick_every) at compile time, and
    /// perhaps more often, if another stage asked for less.
    fn tick(&self, _cx: &BackgroundContext<'_>) {}

    /// Sees the answer to a [`host::Host::http_call`] that a stage made in [`tick`](Self::tick); every stage is told of each,
    /// and knows its own calls. `None`: there is none.
    fn http_response(
        &self,
        _cx: &BackgroundContext<'_>,
        _call: CallId,
        _answer: Option<&CallAnswer>,
    ) {
    }
}

/// Several stages as one.
pub trait Pipeline: Sized + 'static {
    /// The stages' states.
    type States: Default;

    /// Where the stages stand.
    const POSITIONS: &'static [Position];

    /// Compiles every stage.
    fn compile(cx: &mut CompileContext<'_>) -> Self;

    /// Asks the stages in order, beginning with number `at`; the first that does not agree ends it, and `at` is its number.
    fn request(
        &self,
        cx: &mut RequestContext<'_>,
        states: &mut Self::States,
        at: &mut usize,
    ) -> Verdict;

    /// Tells every stage that the request has come whole.
    fn request_end(&self, cx: &mut EndContext<'_>, states: &mut Self::States);

    /// Tells every stage of the response.
    fn response(&self, cx: &mut ResponseContext<'_>, states: &mut Self::States);

    /// Tells every stage of the response's trailers.
    fn response_trailers(&self, cx: &mut EndContext<'_>, states: &mut Self::States);

    /// Tells every stage of the end.
    fn end(&self, cx: &mut EndContext<'_>, states: &mut Self::States);

    /// Tells every stage of the timer.
    fn tick(&self, cx: &BackgroundContext<'_>);

    /// Tells every stage of an answer.
    fn http_response(&self, cx: &BackgroundContext<'_>, call: CallId, answer: Option<&CallAnswer>);
}

/// Whether positions stand in order; for the check at compile time.
const fn ascending(positions: &[Position]) -> bool {
    let mut rest = positions;
    while let [first, tail @ ..] = rest {
        if let [second, ..] = tail
            && *first as u8 >= *second as u8
        {
            return false;
        }
        rest = tail;
    }
    true
}

macro_rules! pipeline {
    ($($stage:ident . $at:tt),+) => {
        impl<$($stage: Stage),+> Pipeline for ($($stage,)+) {
            type States = ($($stage::State,)+);

            const POSITIONS: &'static [Position] = &[$($stage::POSITION),+];

            fn compile(cx: &mut CompileContext<'_>) -> Self {
                const { assert!(ascending(Self::POSITIONS), "stages out of the model's order") };
                ($($stage::compile(cx),)+)
            }

            fn request(
                &self,
                cx: &mut RequestContext<'_>,
                states: &mut Self::States,
                at: &mut usize,
            ) -> Verdict {
                $(
                    if (*at..).contains(&$at) {
                        match self.$at.request(cx, &mut states.$at) {
                            Verdict::Continue => {}
                            verdict => {
                                *at = $at;
                                return verdict;
                            }
                        }
                    }
                )+
                Verdict::Continue
            }

            fn request_end(&self, cx: &mut EndContext<'_>, states: &mut Self::States) {
                $(self.$at.request_end(cx, &mut states.$at);)+
            }

            fn response(&self, cx: &mut ResponseContext<'_>, states: &mut Self::States) {
                $(self.$at.response(cx, &mut states.$at);)+
            }

            fn response_trailers(&self, cx: &mut EndContext<'_>, states: &mut Self::States) {
                $(self.$at.response_trailers(cx, &mut states.$at);)+
            }

            fn end(&self, cx: &mut EndContext<'_>, states: &mut Self::States) {
                $(self.$at.end(cx, &mut states.$at);)+
            }

            fn tick(&self, cx: &BackgroundContext<'_>) {
                $(self.$at.tick(cx);)+
            }

            fn http_response(
                &self,
                cx: &BackgroundContext<'_>,
                call: CallId,
                answer: Option<&CallAnswer>,
            ) {
                $(self.$at.http_response(cx, call, answer);)+
            }
        }
    };
}

pipeline!(A.0);
pipeline!(A.0, B.1);
pipeline!(A.0, B.1, C.2);
pipeline!(A.0, B.1, C.2, D.3);
pipeline!(A.0, B.1, C.2, D.3, E.4);
pipeline!(A.0, B.1, C.2, D.3, E.4, F.5);
pipeline!(A.0, B.1, C.2, D.3, E.4, F.5, G.6);

// === impl Verdict ===

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Self::Reply(Box::new(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_strict() {
        assert!(ascending(&[
            Position::Authentication,
            Position::Permission,
            Position::Rate,
            Position::Breaker
        ]));
        assert!(!ascending(&[Position::Rate, Position::Authentication]));
        assert!(!ascending(&[Position::Rate, Position::Rate]));
    }
}
