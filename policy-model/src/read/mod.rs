//! From bytes to a [`Document`], with everything that is to be said about it.
//!
//! Nothing stops at the first finding: a value that cannot be read is reported and left out, and reading goes on. What
//! comes out is therefore only to be acted upon if the report does not refuse it.

mod api_keys;
mod authentication;
mod authorization;
mod breaker;
mod claim_rule;
mod cluster;
mod condition;
mod fault;
mod jwks;
mod key;
mod lane;
mod lane_space;
mod limit;
mod live;
mod live_domain;
mod live_rule;
mod live_space;
mod meta;
pub(crate) mod nearest;
mod object;
mod permission;
mod policy;
mod published;
mod route;
mod service;
mod service_auth;
mod settings;
mod timestamp;
mod value;

use crate::document::Document;
use crate::finding::{Report, Severity};
use crate::json::{Json, NotJson};
use crate::validate;
pub(crate) use object::escape;
use object::{Obj, list};
pub use published::NotKeys;

impl Document {
    /// Reads a document and checks it.
    ///
    /// Taken are: an object as described in the user's guide; an array of services, live spaces or lane spaces, and one
    /// of these alone, which are the forms of JoyLive's own files and of its registries.
    ///
    /// The document is none only if the bytes are not JSON; it is to be acted upon only if
    /// [`Report::is_refusal`] is false.
    ///
    /// ```
    /// use policy_model::document::Document;
    ///
    /// let (document, report) = Document::read(br#"[{"name": "orders", "nmae": "x"}]"#);
    /// assert_eq!(document.unwrap().services[0].name, "orders");
    /// let finding = &report.findings()[0];
    /// assert_eq!(finding.pointer, "/0/nmae");
    /// assert_eq!(finding.suggestion.as_deref(), Some("did you mean `name`?"));
    /// ```
    #[must_use]
    pub fn read(bytes: &[u8]) -> (Option<Self>, Report) {
        let mut report = Report::default();
        let document = match Json::parse(bytes) {
            Ok(json) => Some(root(&json, &mut report)),
            Err(error) => {
                not_json(bytes, &error, &mut report);
                None
            }
        };
        if let Some(document) = &document {
            validate::check(document, &mut report);
        }
        (document, report)
    }
}

fn not_json(bytes: &[u8], error: &NotJson, report: &mut Report) {
    let NotJson {
        line,
        column,
        message,
    } = error;
    let meant = is_protobuf(bytes).then(|| {
        "this looks like a google.protobuf.Struct: put the JSON text into a google.protobuf.StringValue"
            .to_owned()
    });
    let message = format!("not JSON: {message}, line {line} column {column}");
    report.add(Severity::Error, "", message, meant);
}

/// Envoy hands a `Struct` over as raw protobuf: field 1, length-delimited, and soon a byte that no JSON text has.
fn is_protobuf(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 64;
    let control = |byte: &u8| *byte < b' ' && !b"\t\n\r".contains(byte);
    bytes.first() == Some(&b'\n') && bytes.iter().take(LOOKED_AT).any(control)
}

fn root(json: &Json, report: &mut Report) -> Document {
    let mut document = Document::default();
    match json {
        Json::Array(items) => {
            let form = items.first().map_or(Form::Service, Form::of);
            form.read(items, report, &mut document);
        }
        object => match Form::of(object) {
            Form::Whole => {
                return Obj::read(object, String::new(), report, whole).unwrap_or_default();
            }
            alone => alone.read_one(object, report, &mut document),
        },
    }
    document
}

/// What an object at the top is, by a member that only such an object has.
#[derive(Clone, Copy)]
enum Form {
    Whole,
    Service,
    LiveSpace,
    LaneSpace,
}

// === impl Form ===

impl Form {
    fn of(json: &Json) -> Self {
        let has = |name: &str| json.get(name).is_some();
        if ["services", "liveSpaces", "laneSpaces", "authentication"]
            .into_iter()
            .any(has)
        {
            Self::Whole
        } else if has("spec") {
            Self::LiveSpace
        } else if has("lanes") {
            Self::LaneSpace
        } else if has("groups") {
            Self::Service
        } else {
            Self::Whole
        }
    }

    fn read(self, items: &[Json], report: &mut Report, document: &mut Document) {
        match self {
            Self::LiveSpace => {
                document.live_spaces = list(items, "", report, live_space::live_space);
            }
            Self::LaneSpace => {
                document.lane_spaces = list(items, "", report, lane_space::lane_space);
            }
            Self::Service | Self::Whole => {
                document.services = list(items, "", report, service::service);
            }
        }
    }

    fn read_one(self, json: &Json, report: &mut Report, document: &mut Document) {
        let at = String::new();
        match self {
            Self::LiveSpace => document
                .live_spaces
                .extend(Obj::read(json, at, report, live_space::live_space).flatten()),
            Self::LaneSpace => document
                .lane_spaces
                .extend(Obj::read(json, at, report, lane_space::lane_space).flatten()),
            Self::Service | Self::Whole => {
                document
                    .services
                    .extend(Obj::read(json, at, report, service::service).flatten());
            }
        }
    }
}

fn whole(o: &mut Obj) -> Document {
    o.guard();
    o.belong(&policy::PARTS, "services[].groups[].servicePolicy");
    let _ = o.value("$schema");
    Document {
        service: o.filled("service"),
        services: o.list("services", service::service),
        live_spaces: o.list("liveSpaces", live_space::live_space),
        lane_spaces: o.list("laneSpaces", lane_space::lane_space),
        location: o.object("location", settings::location).unwrap_or_default(),
        authentication: o
            .object("authentication", authentication::authentication)
            .unwrap_or_default(),
        settings: o.object("settings", settings::settings).unwrap_or_default(),
    }
}
