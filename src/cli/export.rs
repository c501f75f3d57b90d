//! `print --export-objects`: each body that went in blocks, as a file of its own.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::coap::{count, escape};
use crate::pipeline::Fetcher;
use crate::store::Store;
use crate::tracking::{BodyId, BodyRow, RecordId};

/// Characters of a resource in the name of a file.
const NAME: usize = 80;

/// Where bodies go.
pub(super) struct Export {
    folder: PathBuf,
}

impl Export {
    /// To a folder, which is made if it is not there.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes the bodies of which some message is among the `chosen` (None: all), at most so many, and says which. A file that is there
    /// already stays as it is, and is an error.
    ///
    /// # Errors
    /// Where the capture cannot be read, a file not be written, or the output not be written.
    pub fn run(
        &self,
        store: &Store,
        fetcher: &Fetcher,
        chosen: Option<&[RecordId]>,
        most: usize,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let wanted: Option<BTreeSet<BodyId>> =
            chosen.map(|ids| ids.iter().filter_map(|id| store.part(*id)).map(|part| part.body).collect());
        let bodies = store.bodies().filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(id)));
        let mut fetcher = fetcher.clone();
        let mut written = 0;
        for (id, row) in bodies.take(most) {
            let size = Size::of(store, &mut fetcher, id, row)?;
            if written == 0 {
                self.make()?;
            }
            let path = self.folder.join(name(store, row, size));
            save(&path, store, &mut fetcher, id, size)?;
            written += 1;
            say(store, row, size, &path, out)?;
        }
        if written == 0 {
            writeln!(out, "no body in blocks, so nothing was written")?;
        }
        Ok(())
    }

    fn make(&self) -> anyhow::Result<()> {
        let folder = self.folder.display();
        if self.folder.exists() && !self.folder.is_dir() {
            bail!("--export-objects {folder}: is a file; name a folder");
        }
        std::fs::create_dir_all(&self.folder).with_context(|| format!("--export-objects {folder}: cannot be made"))
    }
}

/// Bytes of a body.
#[derive(Clone, Copy)]
struct Size {
    /// To its end, as far as that is known.
    whole: u64,
    /// Of these, those that were not captured.
    missing: u64,
}

impl Size {
    fn of(store: &Store, fetcher: &mut Fetcher, id: BodyId, row: &BodyRow) -> anyhow::Result<Self> {
        let (mut whole, mut missing) = (0, 0);
        fetcher.each_block(store, id, |offset, bytes| -> anyhow::Result<()> {
            missing += offset.saturating_sub(whole);
            whole = whole.max(offset + bytes.len() as u64);
            Ok(())
        })?;
        missing += row.length.saturating_sub(whole);
        // An older block may go beyond the end that a newer one told.
        Ok(Self { whole: if row.length > 0 { row.length } else { whole }, missing })
    }
}

/// The name of a body's file: the frame with its first block, and its resource. What is not all there says so.
fn name(store: &Store, row: &BodyRow, size: Size) -> String {
    let frame = store.get(row.first).map_or(0, |record| record.frame);
    let resource = store.resource(row.resource).unwrap_or_default();
    // Nothing from the wire may lead out of the folder, or hide a file.
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '_' };
    let resource: String = resource.trim_matches('/').chars().take(NAME).map(plain).collect();
    let whole = if row.complete && size.missing == 0 { "" } else { ".incomplete" };
    format!("{frame}-{}{whole}", if resource.is_empty() { "root" } else { &resource })
}

/// Writes each block where it belongs. What is missing takes no room on disk, and reads as 0; so would what a full disk did not take, and
/// nothing would tell: such a file is taken away.
fn save(path: &Path, store: &Store, fetcher: &mut Fetcher, id: BodyId, size: Size) -> anyhow::Result<()> {
    let refuse = || format!("{}: cannot be written", path.display());
    let file = match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!(
                "{}: is there already, and nothing is written over; name another folder, or remove it",
                path.display()
            )
        }
        file => file.with_context(refuse)?,
    };
    let written = file.set_len(size.whole).with_context(refuse).and_then(|()| {
        fetcher.each_block(store, id, |offset, bytes| {
            let room = usize::try_from(size.whole.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
            file.write_all_at(bytes.get(..room).unwrap_or_default(), offset).with_context(refuse)
        })
    });
    if written.is_err() {
        // What is told is why it could not be written.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn say(store: &Store, row: &BodyRow, size: Size, path: &Path, out: &mut dyn Write) -> io::Result<()> {
    let lacks = match (row.complete, size.missing) {
        (true, 0) => String::new(),
        (_, 0) => ", its end was not captured".into(),
        (_, missing) => format!(", {missing} of them not captured, which read as 0 in the file"),
    };
    let resource = escape::text(store.resource(row.resource).unwrap_or_default());
    let size = count(size.whole, "byte");
    let blocks = count(row.blocks, "block");
    let path = path.display().to_string();
    writeln!(out, "{}  {resource}: {size} in {blocks}{lacks}", escape::text(&path))
}
