//! What a reader of the demo sees, on standard output.

use super::{
    expect::Expect,
    scene::Scene,
    send::{Aimed, Listener},
    step::Step,
};
use serde_json::Value;
use testkit::Response;

/// Headers that say what governance did; the others are noise here.
const TELLING: [&str; 6] = [
    "www-authenticate",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "x-degraded",
    "x-echo-name",
];

/// Request headers that Envoy adds for every service: left out of an upstream's answer, which would drown in them.
const EVERYDAY: [&str; 8] = [
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
    "x-envoy-decorator-operation",
    "accept",
];

/// What is running, and the variables of the commands below.
pub(crate) fn opening(scene: &Scene) -> anyhow::Result<()> {
    let envoy = scene.envoy();
    moved(scene);
    println!(
        "Envoy, 2 workers:  http://{}   (admin: http://{})",
        envoy.addr(),
        envoy.admin_addr()
    );
    for name in ["base", "gray"] {
        println!("upstream {name}:     http://{}", envoy.echo(name)?.addr());
    }
    println!("policy file:       {}", envoy.policy_file()?.display());
    println!(
        "services in it:    {}",
        scene.document().services().join(", ")
    );
    println!("Envoy's log:       {}", scene.log().display());
    println!("access log:        {}", scene.access_log().display());
    println!(
        "\nTokens of four users, for the commands below; another shell gets them by `. {}`:",
        scene.tokens_file().display()
    );
    for (name, token) in scene.tokens() {
        println!("  {name}={token}");
    }
    Ok(())
}

/// What runs beside it for the second tour.
pub(crate) fn gateway(scene: &Scene) -> anyhow::Result<()> {
    let envoy = scene.envoy();
    println!("\nThe same module in a gateway, envoy/gateway.yaml:");
    moved(scene);
    println!(
        "gateway, 2 workers: http://{}   (internal: http://{}, admin: http://{})",
        envoy.addr(),
        scene.addr(Listener::Internal)?,
        envoy.admin_addr()
    );
    for (version, name) in [(1, "base"), (2, "gray")] {
        println!(
            "version {version}, {name}:    http://{}",
            envoy.echo(name)?.addr()
        );
    }
    println!("access log:         {}", scene.access_log().display());
    Ok(())
}

fn moved(scene: &Scene) {
    for (wanted, taken) in scene.moved() {
        println!("port {wanted} is in use: taking {taken}");
    }
}

/// A step's headline.
pub(crate) fn title(number: usize, step: &Step) {
    println!("\n── {number}  {}", step.title);
}

/// A command and its answer.
pub(crate) fn exchange(scene: &Scene, aimed: &Aimed, response: &Response, expect: &Expect) {
    println!("   $ {}", aimed.command(scene));
    println!("   {}", aimed.status_line(response.status));
    let awaited = expect.headers.iter().map(|(name, _)| *name);
    let others = awaited.filter(|name| !TELLING.contains(name));
    for name in TELLING.into_iter().chain(others) {
        if let Some(value) = response.header(name) {
            println!("   {name}: {value}");
        }
    }
    let body = scene.without_tokens(&body(response, expect));
    if !body.is_empty() {
        println!("   {body}");
    }
}

/// A line of the access log.
pub(crate) fn logged(line: &Value) {
    println!("   access log: {line}");
}

/// The same command several times more.
pub(crate) fn more(times: usize, what: &str) {
    if times > 0 {
        println!("   … {times} more: {what}");
    }
}

/// An edit of the policy file.
pub(crate) fn edit(scene: &Scene, to: &str) -> anyhow::Result<()> {
    println!(
        "   (policy `echo-per-user` in {} now says {to})",
        scene.envoy().policy_file()?.display()
    );
    Ok(())
}

/// What the plugin logged about a refused document.
pub(crate) fn finding(line: &str) {
    println!("   Envoy's log: {line}");
}

/// Whether a step showed what it should.
pub(crate) fn verdict(step: &Step, shown: &anyhow::Result<()>) {
    match shown {
        Ok(()) => println!("   ✓ {}", step.shown),
        Err(error) => println!("   ✗ {error:#}"),
    }
}

/// The tour's end.
pub(crate) fn summary(steps: usize) {
    println!(
        "\nAll {steps} steps showed what they should; no worker was lost, nothing unexpected was logged."
    );
}

/// All of a short body; of pages of text the lines that matter.
fn body(response: &Response, expect: &Expect) -> String {
    let Ok(mut body) = response.json() else {
        return lines(&response.text(), expect.text);
    };
    if let Some(headers) = body
        .get_mut("headers")
        .and_then(|headers| headers.as_object_mut())
    {
        headers.retain(|name, _| !EVERYDAY.contains(&name.as_str()));
    }
    body.to_string()
}

fn lines(text: &str, wanted: &str) -> String {
    const FEW: usize = 10;
    if text.lines().count() <= FEW {
        return text.to_owned();
    }
    let shown: Vec<_> = text
        .lines()
        .filter(|line| line.contains(wanted))
        .take(FEW)
        .collect();
    format!("…\n   {}\n   …", shown.join("\n   "))
}
