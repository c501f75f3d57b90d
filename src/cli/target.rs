//! Files that are written: never one that is being read.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::input;
use crate::capture::{Draft, InUse};

/// Refuses a file that is one of the inputs under any name: its own, a link to it, or a second name of the same file. It is asked before
/// anything is read, so that nobody waits for a refusal.
///
/// # Errors
/// Where it is one of them. `option` is how the user named it.
pub(super) fn refuse_inputs(option: &str, path: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    if InUse::of(&input::named_inputs(inputs)).has(path) {
        bail!("{option} {}: that is the capture itself; name another file", path.display());
    }
    Ok(())
}

/// Begins the file. One that is there stays as it was until the new one is whole.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn create(path: &Path) -> anyhow::Result<Draft> {
    let way = match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        _ if path.is_dir() => "; name a file in it",
        Some(folder) if !folder.is_dir() => "; check its folder",
        _ => "",
    };
    Draft::instead(path).map_err(|error| anyhow!("{}: cannot be written: {error}{way}", path.display()))
}
