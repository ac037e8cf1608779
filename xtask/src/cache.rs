//! The cache folder: what was set up once and serves every working tree of this user.
//!
//! Two runs may set up at the same time, and either may be killed half-way. So every change happens under a file lock,
//! and a folder is filled under another name and then renamed: what is there under its own name is whole.

use crate::say;
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

/// How the name of a folder begins that is being filled.
const UNFINISHED: &str = "unfinished";

/// The folder `steward` in the user's cache folder.
pub(crate) struct Cache {
    folder: PathBuf,
}

/// The right to change the cache, held until it is dropped.
pub(crate) struct Locked<'a> {
    cache: &'a Cache,
    _lock: File,
}

// === impl Cache ===

impl Cache {
    /// `$XDG_CACHE_HOME/steward`, else `~/.cache/steward`, made if it is not there.
    pub(crate) fn of_user() -> Result<Self> {
        Self::at(place(
            std::env::var_os("XDG_CACHE_HOME"),
            std::env::home_dir(),
        )?)
    }

    pub(crate) fn at(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Where the entry `name` is, or would be.
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Waits until no other run is changing the cache.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let path = self.entry("lock");
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                say::step("waiting for another run that is setting up", || file.lock())?;
            }
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the cache"),
        }
        Ok(Locked {
            cache: self,
            _lock: file,
        })
    }
}

// === impl Locked ===

impl Locked<'_> {
    /// As [`Cache::entry`].
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        self.cache.entry(name)
    }

    /// Makes the entry `name`, replacing what was there: `fill` gets an empty folder, which becomes the entry only if
    /// it succeeds. Returns where the entry is.
    pub(crate) fn publish(
        &self,
        name: &str,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let entry = self.cache.entry(name);
        let unfinished = self.cache.entry(&format!("{UNFINISHED}-{name}"));
        remove(&unfinished)?;
        fs::create_dir(&unfinished)?;
        let filled = fill(&unfinished);
        if filled.is_err() {
            remove(&unfinished)?;
        }
        filled?;
        remove(&entry)?;
        fs::rename(&unfinished, &entry)?;
        Ok(entry)
    }
}

fn place(xdg: Option<OsString>, home: Option<PathBuf>) -> Result<PathBuf> {
    // The XDG base directory specification: a relative path is invalid and to be ignored.
    let xdg = xdg.map(PathBuf::from).filter(|path| path.is_absolute());
    match xdg.or_else(|| home.map(|home| home.join(".cache"))) {
        Some(caches) => Ok(caches.join("steward")),
        None => bail!("no place for a cache: set XDG_CACHE_HOME or HOME"),
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::at(folder.path().join("steward")).expect("a cache");
        (folder, cache)
    }

    #[test]
    fn lies_where_the_user_wants_caches() {
        let home = || Some(PathBuf::from("/home/u"));
        let at = |xdg: Option<&str>| place(xdg.map(Into::into), home()).expect("a place");
        assert_eq!(at(None), Path::new("/home/u/.cache/steward"));
        assert_eq!(at(Some("/var/c")), Path::new("/var/c/steward"));
        assert_eq!(at(Some("relative")), Path::new("/home/u/.cache/steward"));
        assert!(place(None, None).is_err());
    }

    #[test]
    fn an_entry_appears_only_when_it_is_whole() {
        let (_folder, cache) = cache();
        let locked = cache.lock().expect("nobody else holds it");
        let failed = locked.publish("tool", |into| {
            fs::write(into.join("half"), "")?;
            bail!("the network went away")
        });
        assert!(failed.is_err() && !cache.entry("tool").exists());

        let fill = |text: &'static str| move |into: &Path| Ok(fs::write(into.join("file"), text)?);
        locked.publish("tool", fill("one")).expect("filled");
        let entry = locked.publish("tool", fill("two")).expect("filled again");
        assert_eq!(
            fs::read_to_string(entry.join("file")).expect("written"),
            "two"
        );
    }

    #[test]
    fn what_a_killed_run_left_is_not_taken_for_work_done() {
        let (_folder, cache) = cache();
        fs::create_dir(cache.entry("unfinished-tool")).expect("made");
        fs::write(cache.entry("unfinished-tool").join("rubbish"), "").expect("written");
        let entry = cache
            .lock()
            .expect("free")
            .publish("tool", |_| Ok(()))
            .expect("filled");
        assert!(!entry.join("rubbish").exists());
    }

    #[test]
    fn only_one_run_at_a_time_may_change_it() {
        let (_folder, cache) = cache();
        let held = cache.lock().expect("free");
        let other = File::open(cache.entry("lock")).expect("there");
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(held);
        assert!(other.try_lock().is_ok());
    }
}
