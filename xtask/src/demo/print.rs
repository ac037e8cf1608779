//! What a reader of the demo sees, on standard output.

use super::{scene::Scene, step::Step};
use testkit::{Request, Response};

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
    for (wanted, taken) in scene.moved() {
        println!("port {wanted} is in use: taking {taken}");
    }
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

/// A step's headline.
pub(crate) fn title(number: usize, step: &Step) {
    println!("\n── {number}  {}", step.title);
}

/// A command and its whole answer.
pub(crate) fn exchange(scene: &Scene, request: &Request, response: &Response) {
    println!("   $ {}", scene.curl(request));
    answer(scene, response);
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

fn answer(scene: &Scene, response: &Response) {
    println!(
        "   HTTP/1.1 {} {}",
        response.status,
        phrase(response.status)
    );
    for name in TELLING {
        if let Some(value) = response.header(name) {
            println!("   {name}: {value}");
        }
    }
    println!("   {}", scene.without_tokens(&body(response)));
}

/// The usual words (RFC 9110, section 15) for the statuses of this tour.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

fn body(response: &Response) -> String {
    let Ok(mut body) = response.json() else {
        return response.text();
    };
    if let Some(headers) = body
        .get_mut("headers")
        .and_then(|headers| headers.as_object_mut())
    {
        headers.retain(|name, _| !EVERYDAY.contains(&name.as_str()));
    }
    body.to_string()
}
