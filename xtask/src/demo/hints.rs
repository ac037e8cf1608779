//! What a reader can do once the tour is over, as commands that work whenever and however often they are typed.

use super::{scene::Scene, send::Listener};
use std::path::Path;

/// Everything to try next.
pub(crate) fn what_next(scene: &Scene, gateway: &Scene) -> anyhow::Result<String> {
    let envoy = scene.envoy();
    let (addr, admin, file) = (envoy.addr(), envoy.admin_addr(), envoy.policy_file()?);
    let (more, broken, four) = (
        set_threshold(file, "40"),
        set_threshold(file, "\"plenty\""), // not the tour's word: Envoy remembers what it refused
        set_threshold(file, "4"),
    );
    let (tokens, log, access_log) = (
        scene.tokens_file().display(),
        scene.log().display(),
        scene.access_log().display(),
    );
    let (at_gateway, internal, gateway_log) = (
        gateway.envoy().addr(),
        gateway.addr(Listener::Internal)?,
        gateway.access_log().display(),
    );
    Ok(format!(
        "
Both Envoys stay up. In another shell, set the variables of all these commands:
   . {tokens}
then try:
   curl -i http://{addr}/echo -H 'host: service-provider' -H \"authorization: Bearer $ALICE\"
   curl -i http://{addr}/orders -H 'host: service-provider' -H \"authorization: Bearer $ALICE\" -H 'x-gray: true'
   curl -s http://{admin}/stats/prometheus | grep ^steward_ | grep -v ' 0$'
The gateway:
   curl -i http://{at_gateway}/api/v1/users/7 -H \"authorization: Bearer $ALICE\"
   curl -s http://{internal}/metrics | grep ^steward_ | grep -v ' 0$'
   tail -f {gateway_log}
A new limit, at once:
   {more}
A broken policy, the finding about it in Envoy's log, and the repair:
   {broken}
   grep '\"severity\":\"error\"' {log} | tail -n 1
   {four}
Envoy remembers what it refused: the same bytes a second time are refused without a second finding.
With an editor of your own, save a copy and `mv` it over the policy file: Envoy notices a file that is renamed into place,
as `sed -i` does, not one that is written in place.
Envoy's log:  {log}
access log:   {access_log}
Upstreams obey x-echo-status: 503, x-echo-delay-ms: 1500 and x-echo-reset: 1.
Ctrl-C ends it.",
    ))
}

/// The shell command that gives `echo-per-user`, and no other policy, this threshold, whatever it has now.
fn set_threshold(file: &Path, to: &str) -> String {
    format!(
        "sed -i '/\"echo-per-user\"/,/\"threshold\"/ s/\"threshold\": [^,]*/\"threshold\": {to}/' {}",
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::{super::document::Document, *};
    use std::{fs, process::Command};

    #[test]
    fn the_threshold_can_be_set_again_and_again() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("governance.yaml");
        let document = Document::read()?;
        let text = |document: Document| -> anyhow::Result<String> {
            Ok(document.text()?.as_str().unwrap().to_owned())
        };
        fs::write(&file, text(document.with_threshold(4)?)?)?;
        let after = |to: &str| -> anyhow::Result<String> {
            let command = set_threshold(&file, to);
            assert!(
                Command::new("sh")
                    .args(["-c", &command])
                    .status()?
                    .success()
            );
            Ok(fs::read_to_string(&file)?)
        };
        assert_eq!(after("40")?, text(document.with_threshold(40)?)?);
        assert_eq!(after("7")?, text(document.with_threshold(7)?)?);
        assert_eq!(after("\"many\"")?, text(document.with_threshold("many")?)?);
        assert_eq!(after("4")?, text(document.with_threshold(4)?)?);
        Ok(())
    }
}
