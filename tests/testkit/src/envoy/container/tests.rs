use super::*;
use testcontainers::core::MountType;

const IMAGE: &str = "envoyproxy/envoy:v1.40-latest";

fn request(args: &[&str]) -> (tempfile::TempDir, ContainerRequest<GenericImage>) {
    let own = tempfile::tempdir().expect("a folder");
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    let folders = Folders {
        own: own.path(),
        dist: Path::new("/steward/dist"),
    };
    let image: Image = IMAGE.parse().expect("an image");
    let request = image.request(&args, folders).expect("a request");
    (own, request)
}

#[test]
fn an_image_is_its_name_and_its_tag() {
    let image = |reference: &str| reference.parse::<Image>().ok();
    let parts = |name: &str, tag: &str| {
        let (name, tag) = (name.to_owned(), tag.to_owned());
        Some(Image { name, tag })
    };
    assert_eq!(image(IMAGE), parts("envoyproxy/envoy", "v1.40-latest"));
    assert_eq!(image("local:5000/e:1"), parts("local:5000/e", "1"));
    for wrong in ["envoy", "local:5000/envoy", "envoy:", ":v1"] {
        assert_eq!(image(wrong), None, "{wrong}");
    }
}

#[test]
fn the_container_is_of_the_image_and_has_the_hosts_network() {
    let (_own, request) = request(&[]);
    assert_eq!(request.descriptor(), IMAGE);
    assert_eq!(request.network().as_deref(), Some("host"));
    // With the host's network there is nothing to publish.
    assert!(request.ports().is_none() && request.expose_ports().is_empty());
}

#[test]
fn the_folders_have_the_same_name_inside_and_modules_are_read_only() {
    let (own, request) = request(&[]);
    let own = own.path().to_str().expect("UTF-8");
    let mounts: Vec<_> = request
        .mounts()
        .map(|mount| {
            assert_eq!(mount.mount_type(), MountType::Bind);
            assert_eq!(mount.source(), mount.target());
            (mount.target().unwrap_or_default(), mount.access_mode())
        })
        .collect();
    let expected = [
        (own, AccessMode::ReadWrite),
        ("/steward/dist", AccessMode::ReadOnly),
    ];
    assert_eq!(mounts, expected);
}

#[test]
fn the_user_is_the_one_who_may_read_the_folder() {
    let (own, request) = request(&[]);
    let owner = fs::metadata(own.path()).expect("its owner");
    let user = format!("{}:{}", owner.uid(), owner.gid());
    assert_eq!(request.user(), Some(user.as_str()));
}

/// The container's command line, run by this machine's shell with a stand-in for Envoy on its `PATH`.
#[test]
fn the_shell_hands_on_every_argument_and_keeps_both_outputs() {
    let (own, request) = request(&["-c", "a b", "$HOME", "it's"]);
    let program = own.path().join("envoy");
    fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$@\"\necho bad >&2\n").expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).expect("executable");
    let words: Vec<String> = request.cmd().map(std::borrow::Cow::into_owned).collect();
    let status = std::process::Command::new(request.entrypoint().expect("a shell"))
        .args(words)
        .env("PATH", own.path())
        .status()
        .expect("a shell");
    assert!(status.success());
    let process = Process::new(Started { container: None }, own.path());
    let said = process.access_log().expect("its output");
    assert_eq!(said, ["-c", "a b", "$HOME", "it's"]);
    assert_eq!(process.log_lines().expect("its log"), ["bad"]);
}

#[test]
fn a_folder_without_a_place_is_refused() {
    let own = tempfile::tempdir().expect("a folder");
    let folders = Folders {
        own: own.path(),
        dist: Path::new("dist"),
    };
    let image: Image = IMAGE.parse().expect("an image");
    let said = image.request(&[], folders).expect_err("relative");
    assert!(said.to_string().contains("absolute"), "{said}");
}
