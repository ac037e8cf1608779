//! The files of a run, beside the folder of its policy file: Envoy's two logs, and the tokens for another shell.

use anyhow::{Context as _, ensure};
use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Where they are.
#[derive(Debug)]
pub(super) struct Files {
    /// What Envoy and its plugins log.
    pub(super) log: PathBuf,
    /// A line a request.
    pub(super) access_log: PathBuf,
    /// A shell variable a user.
    pub(super) tokens: PathBuf,
}

// === impl Files ===

impl Files {
    /// Finds the logs of the Envoy with this policy file, and writes the tokens beside them.
    ///
    /// # Errors
    /// A log is not there: a path that leads nowhere must not be printed. Or the tokens could not be written.
    pub(super) fn beside(policy: &Path, tokens: &[(String, String)]) -> anyhow::Result<Self> {
        let folder = policy.parent().and_then(Path::parent);
        let folder = folder.context("the policy file is in no folder")?;
        let files = Self {
            log: folder.join("envoy.log"),
            access_log: folder.join("access.log"),
            tokens: folder.join("tokens.env"),
        };
        for log in [&files.log, &files.access_log] {
            ensure!(log.is_file(), "there is no {}", log.display());
        }
        write(&files.tokens, tokens)?;
        Ok(files)
    }
}

/// A token is a credential, if only of a test key: nobody else may read it.
fn write(path: &Path, tokens: &[(String, String)]) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("writing {}", path.display()))?;
    for (name, token) in tokens {
        writeln!(file, "export {name}={token}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

    fn run() -> anyhow::Result<(tempfile::TempDir, PathBuf)> {
        let folder = tempfile::tempdir()?;
        let policy = folder.path().join("ecds/governance.yaml");
        fs::write(folder.path().join("envoy.log"), "")?;
        fs::write(folder.path().join("access.log"), "")?;
        Ok((folder, policy))
    }

    #[test]
    fn a_shell_reads_the_tokens_and_nobody_else_does() -> anyhow::Result<()> {
        let (_folder, policy) = run()?;
        let tokens = [("ALICE", "a.b-c_1"), ("BOB", "d.e.f")];
        let tokens = tokens.map(|(name, token)| (name.to_owned(), token.to_owned()));
        let files = Files::beside(&policy, &tokens)?;
        let mode = fs::metadata(&files.tokens)?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let script = format!(". {}; echo $ALICE $BOB", files.tokens.display());
        let shell = Command::new("sh").args(["-c", &script]).output()?;
        assert_eq!(String::from_utf8(shell.stdout)?, "a.b-c_1 d.e.f\n");
        Ok(())
    }

    #[test]
    fn a_log_elsewhere_is_an_error() -> anyhow::Result<()> {
        let (folder, policy) = run()?;
        fs::remove_file(folder.path().join("envoy.log"))?;
        assert!(Files::beside(&policy, &[]).is_err());
        Ok(())
    }
}
