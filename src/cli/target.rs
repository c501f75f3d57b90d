//! Files that are written: never one that is being read.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

/// Where standard input can be looked at.
const STANDARD_INPUT: &str = "/dev/stdin";

/// Refuses a file that is one of the inputs under any name: its own, a link to it, or a second name of the same file. It is asked before
/// anything is read, so that nobody waits for a refusal.
///
/// # Errors
/// Where it is one of them. `option` is how the user named it.
pub(super) fn refuse_inputs(option: &str, path: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    // What is not there yet is none of them.
    let Some(output) = regular(path) else { return Ok(()) };
    let same = |input: &PathBuf| {
        let input = if input == Path::new("-") { Path::new(STANDARD_INPUT) } else { input };
        regular(input).is_some_and(|input| (input.dev(), input.ino()) == (output.dev(), output.ino()))
    };
    if inputs.iter().any(same) {
        bail!("{option} {}: that is the capture itself; name another file", path.display());
    }
    Ok(())
}

/// What the system tells of a regular file, whose content would be lost. Links are followed.
fn regular(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path).ok().filter(Metadata::is_file)
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
