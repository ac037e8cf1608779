//! Lane spaces: which lane a request is in.

use crate::{draw::Draw, refuse::Refuse};
use engine::RequestContext;
use policy_model::{
    condition::Matcher,
    document::{Document, Lane, LaneDomain, LaneRule, LaneSpace},
    target::{NormalPath, normal_host},
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
    /// The space of requests that name none: the location's, else the one with `defaultSpace`.
    home: Option<usize>,
    /// The lane of the processes here, for requests in the home space that no rule matches.
    home_lane: Option<Rc<str>>,
}

/// One lane space, its rules compiled.
pub(crate) struct Space {
    pub(crate) id: Rc<str>,
    pub(crate) lanes: Vec<Lane>,
    /// The lane of requests that nothing else puts into one.
    pub(crate) default_lane: Option<Rc<str>>,
    rules: Vec<Rule>,
    domains: Vec<Domain>,
}

struct Rule {
    lane: Rc<str>,
    ratio: f64,
    matcher: Matcher,
}

struct Domain {
    host: Vec<u8>,
    /// Longest first.
    paths: Vec<(Vec<u8>, Vec<usize>)>,
    rules: Vec<usize>,
}

/// A request with its lane.
pub(crate) struct Coloured<'a> {
    /// The space's place in the document.
    pub(crate) index: usize,
    pub(crate) space: &'a Space,
    pub(crate) lane: Rc<str>,
}

// === impl Spaces ===

impl Spaces {
    /// Compiles the document's lane spaces. A rule whose conditions cannot be compiled is given to `refuse`.
    pub(crate) fn compile(document: &Document, refuse: &mut Refuse<'_>) -> Self {
        let list: Vec<Space> = document
            .lane_spaces
            .iter()
            .map(|space| Space::compile(space, refuse))
            .collect();
        let location = &document.location;
        let named = location.lane_space_id.as_deref();
        let home = named
            .and_then(|id| list.iter().position(|space| *space.id == *id))
            .or_else(|| {
                document
                    .lane_spaces
                    .iter()
                    .position(|space| space.default_space)
            });
        Self {
            list,
            home,
            home_lane: location.lane.as_deref().map(Rc::from),
        }
    }

    /// The lane of a request: what a trusted client says, else what the rules of its domain or of the home space say,
    /// else the lane here, else the default lane.
    pub(crate) fn colour(&self, cx: &RequestContext<'_>, draw: &Draw) -> Option<Coloured<'_>> {
        if let Some(said) = self.said(cx) {
            return Some(said);
        }
        let domain = self.list.iter().enumerate().find_map(|(index, space)| {
            space
                .domain(cx.view.host())
                .map(|domain| (index, Some(domain)))
        });
        let (index, domain) = domain.or_else(|| self.home.map(|home| (home, None)))?;
        let space = self.list.get(index)?;
        let lane = match space.ruled(domain, cx, draw) {
            Ruling::Lane(lane) => Some(lane),
            Ruling::NotDrawn => space.default_lane.clone(),
            Ruling::NoRule if self.home == Some(index) && self.home_lane.is_some() => {
                self.home_lane.clone()
            }
            Ruling::NoRule => space.default_lane.clone(),
        };
        Some(Coloured {
            index,
            space,
            lane: lane?,
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
        let lane = lane.filter(|lane| !lane.is_empty()).map(Rc::from);
        Some(Coloured {
            index,
            space,
            lane: lane.or_else(|| space.default_lane.clone())?,
        })
    }
}

// === impl Space ===

/// What a space's rules say of a request.
enum Ruling {
    Lane(Rc<str>),
    /// A rule matched, but its ratio left this request out.
    NotDrawn,
    NoRule,
}

impl Space {
    fn compile(space: &LaneSpace, refuse: &mut Refuse<'_>) -> Self {
        let default_lane = space.lanes.iter().find(|lane| lane.default_lane);
        let mut rules = Vec::with_capacity(space.rules.len());
        for rule in &space.rules {
            match Matcher::compile(&rule.conditions) {
                Ok(matcher) => rules.push(Rule::new(rule, matcher)),
                Err(error) => refuse(&error.pointer, &error.to_string()),
            }
        }
        Self {
            id: space.id.as_str().into(),
            default_lane: default_lane.map(|lane| lane.code.as_str().into()),
            lanes: space.lanes.clone(),
            domains: space
                .domains
                .iter()
                .map(|domain| Domain::new(domain, &space.rules, refuse))
                .collect(),
            rules,
        }
    }

    /// The lane of this code, if the space has it.
    pub(crate) fn lane(&self, code: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.code == code)
    }

    fn domain(&self, host: &[u8]) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.host == host)
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
                return Ruling::Lane(Rc::clone(&rule.lane));
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
    fn new(rule: &LaneRule, matcher: Matcher) -> Self {
        Self {
            lane: rule.lane_code.as_str().into(),
            ratio: rule.ratio.unwrap_or(1.0),
            matcher,
        }
    }
}

// === impl Domain ===

impl Domain {
    /// Host and paths in the spelling that requests have by then; a path that no request can have is given to `refuse`.
    fn new(domain: &LaneDomain, rules: &[LaneRule], refuse: &mut Refuse<'_>) -> Self {
        let indices = |ids: &[String]| -> Vec<usize> {
            ids.iter()
                .filter_map(|id| rules.iter().position(|rule| rule.id == *id))
                .collect()
        };
        let mut paths = Vec::with_capacity(domain.paths.len());
        for path in &domain.paths {
            match NormalPath::new(path.path.as_bytes()) {
                Ok(normal) => paths.push((without_last_slash(&normal), indices(&path.rules))),
                Err(reason) => refuse(&path.pointer, &reason.to_string()),
            }
        }
        paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self {
            host: normal_host(domain.host.as_bytes()).into_owned(),
            paths,
            rules: indices(&domain.rules),
        }
    }

    /// The rules that hold under a path; `None` means all of the space.
    fn rules(&self, path: &[u8]) -> Option<&[usize]> {
        let under = |prefix: &[u8]| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let found = self
            .paths
            .iter()
            .find(|(prefix, _)| under(prefix))
            .map(|(_, rules)| rules);
        let rules = found.unwrap_or(&self.rules);
        (!rules.is_empty()).then_some(rules)
    }
}

fn without_last_slash(path: &NormalPath<'_>) -> Vec<u8> {
    let path = path.as_bytes();
    path.strip_suffix(b"/").unwrap_or(path).to_vec()
}
