//! Files that are read, or written with what is captured: nothing else may be written over them.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use super::draft::{FileId, id};
use super::{Input, is_same_file};

/// Such files, by what they are as well as by their names: one may be renamed, and another get its name, while it is read.
#[derive(Clone, Debug, Default)]
pub struct InUse {
    paths: Vec<PathBuf>,
    ids: Vec<FileId>,
}

impl InUse {
    /// The files behind what is read.
    pub fn of<'a>(inputs: impl IntoIterator<Item = &'a Input>) -> Self {
        let mut files = Self::default();
        for input in inputs {
            let about = match input {
                Input::Path(path) => {
                    files.paths.push(path.clone());
                    std::fs::metadata(path)
                }
                Input::StandardInput => {
                    io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata())
                }
            };
            files.ids.extend(about.ok().filter(Metadata::is_file).map(|about| id(&about)));
        }
        files
    }

    /// Whether all of them, of which each was named, still have a name under which they were known.
    pub fn stand(&self) -> bool {
        let now: Vec<FileId> = self.paths.iter().filter_map(|path| Some(id(&std::fs::metadata(path).ok()?))).collect();
        self.ids.iter().all(|id| now.contains(id))
    }

    /// Whether a path leads to one of them, whatever links it goes by.
    pub fn has(&self, path: &Path) -> bool {
        let about = std::fs::metadata(path).ok().filter(Metadata::is_file);
        about.is_some_and(|about| self.ids.contains(&id(&about)))
            || self.paths.iter().any(|own| is_same_file(path, own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        for name in ["x", "y"] {
            std::fs::write(inside(name), "").unwrap();
        }
        std::fs::hard_link(inside("x"), inside("hard")).unwrap();
        std::os::unix::fs::symlink("x", inside("soft")).unwrap();
        let own = InUse::of(&[Input::Path(inside("x"))]);
        assert!(own.stand());
        for (name, expected) in [("x", true), ("hard", true), ("soft", true), ("y", false), ("z", false)] {
            assert_eq!(own.has(&inside(name)), expected, "{name}");
        }
        // What follows the name reads the other one from now on.
        std::fs::rename(inside("x"), inside("renamed")).unwrap();
        std::fs::rename(inside("y"), inside("x")).unwrap();
        assert!(own.has(&inside("renamed")) && own.has(&inside("x")));
        assert!(!own.stand());
    }
}
