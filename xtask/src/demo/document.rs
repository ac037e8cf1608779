//! The documents of the demo: the shipped one, which fills the requirement's full skeleton, plus JoyLive's own sample file;
//! and the gateway's, as it is shipped.

use anyhow::Context as _;
use yaml_serde::Value;

/// The shipped policy file; its document fills section 3 of the requirement.
const SHIPPED: &str = include_str!("../../../envoy/ecds/governance.yaml");

/// The gateway's.
const GATEWAY: &str = include_str!("../../../envoy/ecds/gateway.yaml");

/// JoyLive's own sample, byte for byte.
const JOYLIVE: &str =
    include_str!("../../../policy-model/fixtures/joylive/policies/microservice.package.json");

/// A document in the order its authors wrote it; JSON is read as the YAML it is, because that reader keeps the order.
#[derive(Clone, Debug)]
pub(crate) struct Document(Value);

/// Where each user's limit for `GET /echo` stands in the shipped document.
const THRESHOLD: &str = "services/0/groups/0/paths/0/methods/0/servicePolicy/rateLimitPolicies/0/slidingWindows/0/threshold";

// === impl Document ===

impl Document {
    /// Both files in one document.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut document = within(SHIPPED)?;
        let sample: Vec<Value> = yaml_serde::from_str(JOYLIVE)?;
        let services = at(&mut document, "services")?
            .as_sequence_mut()
            .context("no services")?;
        for service in sample {
            // The requirement's skeleton and the sample both describe a `service-provider`: a host has one policy.
            if services
                .iter()
                .all(|known| known.get("name") != service.get("name"))
            {
                services.push(service);
            }
        }
        Ok(Self(document))
    }

    /// The gateway's document.
    pub(crate) fn gateway() -> anyhow::Result<Self> {
        within(GATEWAY).map(Self)
    }

    /// The same with another number of requests that each user may send to `GET /echo`.
    pub(crate) fn with_threshold(&self, threshold: impl Into<Value>) -> anyhow::Result<Self> {
        let mut document = self.clone();
        *at(&mut document.0, THRESHOLD)? = threshold.into();
        Ok(document)
    }

    /// The names of the governed services.
    pub(crate) fn services(&self) -> Vec<&str> {
        let services = self.0.get("services").and_then(Value::as_sequence);
        services
            .into_iter()
            .flatten()
            .filter_map(|service| service.get("name")?.as_str())
            .collect()
    }

    /// The JSON text.
    pub(crate) fn text(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::Value::String(serde_json::to_string_pretty(
            &self.0,
        )?))
    }
}

/// The document in a policy file.
fn within(file: &str) -> anyhow::Result<Value> {
    let mut file: Value = yaml_serde::from_str(file)?;
    let text = at(
        &mut file,
        "resources/0/typed_config/config/configuration/value",
    )?;
    let text = text.as_str().context("the shipped document is no text")?;
    Ok(yaml_serde::from_str(text)?)
}

fn at<'a>(tree: &'a mut Value, path: &str) -> anyhow::Result<&'a mut Value> {
    let found = path
        .split('/')
        .try_fold(tree, |value, segment| match segment.parse::<usize>() {
            Ok(index) => value.get_mut(index),
            Err(_) => value.get_mut(segment),
        });
    found.with_context(|| format!("the shipped policy file has no {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_both_files_in_their_own_order() {
        let document = Document::read().unwrap();
        let services = document.services();
        assert_eq!(services.first(), Some(&"service-provider"));
        assert!(services.contains(&"service-consumer"), "{services:?}");
        let text = document.text().unwrap().as_str().unwrap().to_owned();
        assert!(text.find("\"services\"") < text.find("\"laneSpaces\""));
    }

    #[test]
    fn an_edit_changes_only_the_threshold() {
        let document = Document::read().unwrap();
        let lines = |document: &Document| {
            let text = document.text().unwrap().as_str().unwrap().to_owned();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let (before, after) = (
            lines(&document),
            lines(&document.with_threshold(2).unwrap()),
        );
        let changed: Vec<_> = before
            .iter()
            .zip(&after)
            .filter(|(one, two)| one != two)
            .collect();
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert!(changed[0].1.contains("\"threshold\": 2"));
    }
}
