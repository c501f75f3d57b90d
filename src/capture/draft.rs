//! A file that is written whole or not at all: until its end what stood there before stays as it was.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek as _, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::linkat;
use tempfile::{Builder, TempPath};

/// Links that are followed at most, as the system does.
const LINKS: usize = 40;

/// A file that is being written. Dropping it unfinished takes it back.
#[derive(Debug)]
pub struct Draft {
    file: File,
    end: End,
}

/// What is to be done at the end.
#[derive(Debug)]
enum End {
    /// Nothing: it is written where it stands, since nothing can be put in its place. The first byte empties it.
    InPlace { emptied: bool },
    /// It was not there before: nothing, but it is taken back where it is not finished.
    New(PathBuf),
    /// It takes the place of this file, which must still be the one that was opened.
    Instead { of: PathBuf, id: FileId, named: Option<TempPath> },
    /// All is done.
    Finished,
}

/// What a file is, whatever its names are: device and number on it.
pub(super) type FileId = (u64, u64);

/// What a file is.
pub(super) fn id(file: &Metadata) -> FileId {
    (file.dev(), file.ino())
}

impl Draft {
    /// Begins a file that is not there yet. A link to nowhere is followed, as every program does that writes a file.
    ///
    /// # Errors
    /// Where it is there, or cannot be made.
    pub fn new(path: &Path) -> io::Result<Self> {
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|entry| entry.is_symlink());
        let file = OpenOptions::new().write(true).create(is_link).create_new(!is_link).open(path)?;
        if is_link && file.metadata()?.len() > 0 {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        give_to_user(&file);
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { file, end: End::New(path) })
    }

    /// Begins a file that takes the place of the one that is there, if one is. Links to it stay, as do its owner and its rights; another name of
    /// the same file (a hard link) keeps what was there before. Devices, pipes, and files in whose folder nothing can be made are written
    /// where they stand.
    ///
    /// # Errors
    /// Where it cannot be made, or what is there cannot be written: a right to the folder is not enough.
    pub fn instead(path: &Path) -> io::Result<Self> {
        let there = match OpenOptions::new().write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::new(path),
            there => there?,
        };
        let about = there.metadata()?;
        let place = resolved(path).filter(|place| about.is_file() && is(place, id(&about)));
        let beside = place.and_then(|place| Self::beside(place, &about, nameless).ok());
        Ok(beside.unwrap_or(Self { file: there, end: End::InPlace { emptied: !about.is_file() } }))
    }

    /// In the folder of a file, with its owner and its rights.
    fn beside(of: PathBuf, about: &Metadata, nameless: fn(&Path) -> io::Result<File>) -> io::Result<Self> {
        let folder = of.parent().ok_or(io::ErrorKind::NotFound)?;
        let (file, named) = match nameless(folder) {
            Ok(file) => (file, None),
            Err(_) => {
                let (file, path) = builder().tempfile_in(folder)?.into_parts();
                (file, Some(path))
            }
        };
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
            fchown(&file, Some(about.uid()), Some(about.gid()))?;
        }
        // Behind the owner, of whom the system would take some rights away.
        file.set_permissions(about.permissions())?;
        Ok(Self { file, end: End::Instead { of, id: id(about), named } })
    }

    /// All is written: it takes its place.
    ///
    /// # Errors
    /// Where that fails; then what stood there stays.
    pub fn finish(mut self) -> io::Result<()> {
        self.empty()?;
        let End::Instead { of, id, named } = std::mem::replace(&mut self.end, End::Finished) else { return Ok(()) };
        // Before the old one goes: a disk may find out late that it is full, and the power may go.
        self.file.sync_all()?;
        if !is(&of, id) {
            return Err(io::Error::other("another file has taken its name meanwhile"));
        }
        let named = named.map_or_else(|| name(&self.file, &of), Ok)?;
        match named.persist(&of) {
            // Its name cannot be given to another file: something is mounted there.
            Err(error) if error.error.kind() == io::ErrorKind::ResourceBusy => self.copy_to(&of),
            persisted => Ok(persisted?),
        }
    }

    /// What would become of what was there, were it given up now: it is kept.
    pub fn keeps(&self) -> bool {
        !matches!(self.end, End::InPlace { emptied: true })
    }

    fn empty(&mut self) -> io::Result<()> {
        if let End::InPlace { emptied } = &mut self.end
            && !std::mem::replace(emptied, true)
        {
            self.file.set_len(0)?;
        }
        Ok(())
    }

    fn copy_to(&mut self, place: &Path) -> io::Result<()> {
        let mut to = OpenOptions::new().write(true).truncate(true).open(place)?;
        self.file.rewind()?;
        io::copy(&mut self.file, &mut to).map(drop)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.empty()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let End::New(path) = &self.end
            && self.file.metadata().is_ok_and(|file| is(path, id(&file)))
        {
            // Where that fails nobody can do more.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether this is that file.
pub(super) fn is(path: &Path, wanted: FileId) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|file| id(&file) == wanted)
}

/// Where a file stands that links may lead to. `None` where they lead through a file that a process has open (`/dev/stdout`): that one is meant,
/// and no other of its name.
fn resolved(path: &Path) -> Option<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        let folder = at.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder).ok().filter(|folder| !folder.starts_with("/proc"))?;
        at = folder.join(at.file_name()?);
        let Ok(to) = std::fs::read_link(&at) else { return Some(at) };
        at = folder.join(to);
    }
    None
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".coapscope-").suffix(".part");
    builder
}

/// A file that has no name as long as it is not whole: whatever ends the program, nothing of it is left.
#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_TMPFILE.bits();
    let file = OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(folder)?;
    // It is named through this.
    std::fs::metadata(opened(&file)).map(|_| file)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_folder: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

fn opened(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Gives a file without a name one, in the folder of this file.
fn name(file: &File, of: &Path) -> io::Result<TempPath> {
    let folder = of.parent().ok_or(io::ErrorKind::NotFound)?;
    let link = |path: &Path| {
        linkat(AT_FDCWD, opened(file).as_str(), AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW).map_err(io::Error::from)
    };
    Ok(builder().make_in(folder, link)?.into_temp_path())
}

/// Numbers of the user behind `sudo` and of that user's group, as far as it tells them.
pub fn behind_sudo() -> (Option<u32>, Option<u32>) {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    (number("SUDO_UID"), number("SUDO_GID"))
}

/// A file that root makes for a user behind `sudo` is that user's.
fn give_to_user(file: &File) {
    let is_roots = file.metadata().is_ok_and(|file| file.uid() == 0);
    if let (true, (Some(user), Some(group))) = (is_roots, behind_sudo()) {
        // Where that fails it is root's, and says so itself.
        let _ = fchown(file, Some(user), Some(group));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// Names in a folder, and what stands in each.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|entry| {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    }

    fn check(folder: &Path, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(files(folder), expected);
    }

    #[test]
    fn what_was_there_stays_until_all_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let mut draft = Draft::instead(&path).unwrap();
        draft.write_all(b"half").unwrap();
        assert!(draft.keeps());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        drop(draft);
        check(folder.path(), &[("x", "old")]);
        let mut draft = Draft::instead(&path).unwrap();
        draft.write_all(b"whole").unwrap();
        draft.finish().unwrap();
        check(folder.path(), &[("x", "whole")]);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_new_file_is_taken_back_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for begin in [Draft::new, Draft::instead] {
            drop(begin(&path).unwrap());
            check(folder.path(), &[]);
        }
        let mut draft = Draft::new(&path).unwrap();
        draft.write_all(b"new").unwrap();
        draft.finish().unwrap();
        check(folder.path(), &[("x", "new")]);
        assert_eq!(Draft::new(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        // Somebody else's by then.
        let other = folder.path().join("y");
        let draft = Draft::new(&other).unwrap();
        std::fs::rename(&path, &other).unwrap();
        drop(draft);
        check(folder.path(), &[("y", "new")]);
    }

    #[test]
    fn links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        symlink("b", inside("a")).unwrap();
        symlink("c", inside("b")).unwrap();
        let write = |text: &str| {
            let mut draft = Draft::instead(&inside("a")).unwrap();
            draft.write_all(text.as_bytes()).unwrap();
            draft.finish().unwrap();
        };
        drop(Draft::instead(&inside("a")).unwrap());
        check(folder.path(), &[("a", ""), ("b", "")]);
        write("first");
        check(folder.path(), &[("a", "first"), ("b", "first"), ("c", "first")]);
        write("second");
        check(folder.path(), &[("a", "second"), ("b", "second"), ("c", "second")]);
        assert!(std::fs::symlink_metadata(inside("a")).unwrap().is_symlink());
        // Another name of the same file keeps what was there.
        std::fs::hard_link(inside("c"), inside("d")).unwrap();
        write("third");
        check(folder.path(), &[("a", "third"), ("b", "third"), ("c", "third"), ("d", "second")]);
        symlink("loop", inside("loop")).unwrap();
        assert!(Draft::instead(&inside("loop")).is_err());
    }

    #[test]
    fn devices_and_open_files_are_written_where_they_stand() {
        let mut draft = Draft::instead(Path::new("/dev/null")).unwrap();
        draft.write_all(b"x").unwrap();
        draft.finish().unwrap();
        assert!(Path::new("/dev/null").exists());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "a long text").unwrap();
        let file = File::open(&path).unwrap();
        let before = id(&file.metadata().unwrap());
        let mut draft = Draft::instead(Path::new(&opened(&file))).unwrap();
        draft.write_all(b"new").unwrap();
        assert!(!draft.keeps());
        draft.finish().unwrap();
        check(folder.path(), &[("x", "new")]);
        assert!(is(&path, before));
    }

    #[test]
    fn a_file_system_without_nameless_files_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "old").unwrap();
        let about = std::fs::metadata(&path).unwrap();
        let begin = || Draft::beside(path.clone(), &about, |_| Err(io::ErrorKind::Unsupported.into())).unwrap();
        let mut draft = begin();
        draft.write_all(b"half").unwrap();
        assert_eq!(files(folder.path()).len(), 2);
        drop(draft);
        check(folder.path(), &[("x", "old")]);
        let mut draft = begin();
        draft.write_all(b"whole").unwrap();
        draft.finish().unwrap();
        check(folder.path(), &[("x", "whole")]);
        assert_eq!(std::fs::metadata(&path).unwrap().mode(), about.mode());
    }

    #[test]
    fn whoever_has_taken_the_name_meanwhile_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "old").unwrap();
        let mut draft = Draft::instead(&path).unwrap();
        draft.write_all(b"new").unwrap();
        std::fs::write(folder.path().join("y"), "another").unwrap();
        std::fs::rename(folder.path().join("y"), &path).unwrap();
        let said = draft.finish().unwrap_err().to_string();
        assert!(said.contains("another file"), "{said}");
        check(folder.path(), &[("x", "another")]);
    }
}
