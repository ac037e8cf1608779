//! Lane spaces: which lane a request is in.

use super::domain::{Domain, Domains};
use crate::{draw::Draw, refuse::Refuse};
use engine::RequestContext;
use policy_model::{
    condition::Matcher,
    document::{Document, Lane, LaneRule, LaneSpace},
};
use std::rc::Rc;

/// Carries the space of a coloured request.
pub(crate) const SPACE_HEADER: &str = "x-lane-space-id";
/// Carries the lane of a coloured request.
pub(crate) const LANE_HEADER: &str = "x-lane-code";

/// All lane spaces of a document.
#[derive(Default)]
pub(crate) struct Spaces {
    list: Vec<Space>,
    domains: Domains,
    /// The space of requests that name none: the location's, else the one with `defaultSpace`.
    home: Option<usize>,
    /// The lane of the processes here, for requests in the home space that no rule matches.
    home_lane: Option<Code>,
}

/// One lane space, its rules compiled.
pub(crate) struct Space {
    pub(crate) id: Rc<str>,
    lanes: Vec<Lane>,
    /// What lanes, rules and the location here call lanes: see [`Code`].
    codes: Vec<Rc<str>>,
    default_code: Option<Code>,
    rules: Vec<Rule>,
}

/// The place of a lane's code in its space's list of codes. Rules decide by it, so that no text is compared or copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) usize);

struct Rule {
    lane: Code,
    ratio: f64,
    matcher: Matcher,
}

/// A request with its lane.
pub(crate) struct Coloured<'a> {
    /// The space's place in the document.
    pub(crate) index: usize,
    pub(crate) space: &'a Space,
    pub(crate) lane: InLane<'a>,
    /// Whether the request's own headers said so.
    pub(crate) said: bool,
}

/// Which lane.
pub(crate) enum InLane<'a> {
    /// One that the document names.
    Known(Code, &'a Rc<str>),
    /// One that only the request names.
    Other(Rc<str>),
}

// === impl Spaces ===

impl Spaces {
    /// Compiles the document's lane spaces. A rule whose conditions cannot be compiled is given to `refuse`.
    pub(crate) fn compile(document: &Document, refuse: &mut Refuse<'_>) -> Self {
        let spaces = &document.lane_spaces;
        let mut list: Vec<Space> = spaces
            .iter()
            .map(|space| Space::compile(space, refuse))
            .collect();
        let location = &document.location;
        let named = location.lane_space_id.as_deref();
        let home = named
            .and_then(|id| list.iter().position(|space| *space.id == *id))
            .or_else(|| spaces.iter().position(|space| space.default_space));
        let home_space = home.and_then(|home| list.get_mut(home));
        let home_lane = home_space
            .zip(location.lane.as_deref())
            .map(|(space, lane)| space.name(lane));
        Self {
            list,
            domains: Domains::compile(spaces, refuse),
            home,
            home_lane,
        }
    }

    /// In the order of the document.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Space> {
        self.list.iter()
    }

    /// The lane of a request: what a trusted client says, else what the rules of its domain or of the home space say,
    /// else the lane here, else the default lane.
    pub(crate) fn colour(&self, cx: &RequestContext<'_>, draw: &Draw) -> Option<Coloured<'_>> {
        if let Some(said) = self.said(cx) {
            return Some(said);
        }
        let found = self.domains.find(cx.view.host());
        let (index, domain) = match found {
            Some((index, domain)) => (index, Some(domain)),
            None => (self.home?, None),
        };
        let space = self.list.get(index)?;
        let lane = match space.ruled(domain, cx, draw) {
            Ruling::Lane(lane) => Some(lane),
            Ruling::NoRule if self.home == Some(index) => self.home_lane.or(space.default_code),
            Ruling::NotDrawn | Ruling::NoRule => space.default_code,
        };
        Some(Coloured {
            index,
            space,
            lane: space.known(lane?)?,
            said: false,
        })
    }

    /// What the request's own headers say. They reach this place only from trusted clients.
    fn said(&self, cx: &RequestContext<'_>) -> Option<Coloured<'_>> {
        let text = |name| {
            cx.header(name)
                .and_then(|value| std::str::from_utf8(value).ok())
        };
        let (space_id, lane) = (text(SPACE_HEADER), text(LANE_HEADER));
        if space_id.is_none() && lane.is_none() {
            return None;
        }
        let index = match space_id {
            Some(id) if !id.is_empty() => self.list.iter().position(|space| *space.id == *id)?,
            _ => self.home?,
        };
        let space = self.list.get(index)?;
        let lane = match lane.filter(|lane| !lane.is_empty()) {
            Some(lane) => space.in_lane(lane),
            None => space.known(space.default_code?)?,
        };
        Some(Coloured {
            index,
            space,
            lane,
            said: true,
        })
    }
}

// === impl Coloured ===

impl Coloured<'_> {
    /// The lane's code.
    pub(crate) fn code(&self) -> &Rc<str> {
        match &self.lane {
            InLane::Known(_, code) => code,
            InLane::Other(code) => code,
        }
    }
}

// === impl Space ===

/// What a space's rules say of a request.
enum Ruling {
    Lane(Code),
    /// A rule matched, but its ratio left this request out.
    NotDrawn,
    NoRule,
}

impl Space {
    fn compile(space: &LaneSpace, refuse: &mut Refuse<'_>) -> Self {
        let mut compiled = Self {
            id: space.id.as_str().into(),
            lanes: space.lanes.clone(),
            codes: Vec::with_capacity(space.lanes.len()),
            default_code: None,
            rules: Vec::with_capacity(space.rules.len()),
        };
        for lane in &space.lanes {
            let code = compiled.name(&lane.code);
            if lane.default_lane {
                compiled.default_code.get_or_insert(code);
            }
        }
        for rule in &space.rules {
            match Matcher::compile(&rule.conditions) {
                Ok(matcher) => {
                    let lane = compiled.name(&rule.lane_code);
                    compiled.rules.push(Rule::new(rule, lane, matcher));
                }
                Err(error) => refuse(&error.pointer, &error.to_string()),
            }
        }
        compiled
    }

    /// The place of a code, which is added if it is new.
    fn name(&mut self, code: &str) -> Code {
        self.code(code).unwrap_or_else(|| {
            self.codes.push(code.into());
            Code(self.codes.len() - 1)
        })
    }

    fn code(&self, text: &str) -> Option<Code> {
        self.codes.iter().position(|code| **code == *text).map(Code)
    }

    fn known(&self, code: Code) -> Option<InLane<'_>> {
        let text = self.codes.get(code.0)?;
        Some(InLane::Known(code, text))
    }

    fn in_lane(&self, text: &str) -> InLane<'_> {
        let known = self.code(text).and_then(|code| self.known(code));
        known.unwrap_or_else(|| InLane::Other(text.into()))
    }

    /// What lanes are called, in the order of their [`Code`]s.
    pub(crate) fn codes(&self) -> &[Rc<str>] {
        &self.codes
    }

    /// The lane of requests that nothing else puts into one.
    pub(crate) fn default_lane(&self) -> Option<&Rc<str>> {
        self.codes.get(self.default_code?.0)
    }

    /// The lane of this code, if the space has it.
    pub(crate) fn lane(&self, code: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.code == code)
    }

    /// Rules in the order of the list. The ratios of those that match add up against one number: two rules of one half
    /// each share all of the traffic.
    fn ruled(&self, domain: Option<&Domain>, cx: &RequestContext<'_>, draw: &Draw) -> Ruling {
        let only = domain.and_then(|domain| domain.rules(cx.view.path().unwrap_or(b"/")));
        let mut drawn = None;
        let (mut sum, mut matched) = (0.0, false);
        for (index, rule) in self.rules.iter().enumerate() {
            let listed = only.is_none_or(|only| only.contains(&index));
            if !listed || !rule.matcher.matches(cx) {
                continue;
            }
            matched = true;
            sum += rule.ratio;
            if sum >= 1.0 || *drawn.get_or_insert_with(|| draw.share()) < sum {
                return Ruling::Lane(rule.lane);
            }
        }
        if matched {
            Ruling::NotDrawn
        } else {
            Ruling::NoRule
        }
    }
}

// === impl Rule ===

impl Rule {
    fn new(rule: &LaneRule, lane: Code, matcher: Matcher) -> Self {
        Self {
            lane,
            ratio: rule.ratio.unwrap_or(1.0),
            matcher,
        }
    }
}
