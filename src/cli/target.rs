//! Files that are written: never one that is being read.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::capture::is_same_file;

/// Where standard input can be looked at.
const STANDARD_INPUT: &str = "/dev/stdin";

/// Refuses a file that is one of the inputs under any name: its own, a link to it, or a second name of the same file. It is asked before
/// anything is read, so that nobody waits for a refusal.
///
/// # Errors
/// Where it is one of them. `option` is how the user named it.
pub(super) fn refuse_inputs(option: &str, path: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    let same =
        |input: &PathBuf| is_same_file(path, if input == Path::new("-") { Path::new(STANDARD_INPUT) } else { input });
    if inputs.iter().any(same) {
        bail!("{option} {}: that is the capture itself; name another file", path.display());
    }
    Ok(())
}

/// Makes the file, or empties it.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    let way = match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        _ if path.is_dir() => "; name a file in it",
        Some(folder) if !folder.is_dir() => "; check its folder",
        _ => "",
    };
    File::create(path).map_err(|error| anyhow!("{}: cannot be written: {error}{way}", path.display()))
}
