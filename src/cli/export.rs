//! `print --export-objects`: each body that went in blocks, as a file of its own.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::coap::{count, escape};
use crate::pipeline::Fetcher;
use crate::store::{Body, Store};
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
        for (_, row) in bodies.take(most) {
            let Some(body) = fetcher.body(store, row.last)? else { continue };
            if written == 0 {
                let made = std::fs::create_dir_all(&self.folder);
                made.with_context(|| format!("--export-objects {}: cannot be made", self.folder.display()))?;
            }
            let path = self.folder.join(name(store, row, &body));
            save(&path, &body.bytes)?;
            written += 1;
            say(store, row, &body, &path, out)?;
        }
        if written == 0 {
            writeln!(out, "no body in blocks, so nothing was written")?;
        }
        Ok(())
    }
}

/// The name of a body's file: the frame with its first block, and its resource. What is not all there says so.
fn name(store: &Store, row: &BodyRow, body: &Body) -> String {
    let frame = store.get(row.first).map_or(0, |record| record.frame);
    let resource = store.resource(row.resource).unwrap_or_default();
    // Nothing from the wire may lead out of the folder, or hide a file.
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '_' };
    let resource: String = resource.trim_matches('/').chars().take(NAME).map(plain).collect();
    let whole = if row.complete && body.missing.is_empty() { "" } else { ".incomplete" };
    format!("{frame}-{}{whole}", if resource.is_empty() { "root" } else { &resource })
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let open = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = open.and_then(|mut file| file.write_all(bytes));
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

fn say(store: &Store, row: &BodyRow, body: &Body, path: &Path, out: &mut dyn Write) -> io::Result<()> {
    let missing: usize = body.missing.iter().map(ExactSizeIterator::len).sum();
    let lacks = match (row.complete, missing) {
        (true, 0) => String::new(),
        (_, 0) => ", its end was not captured".into(),
        (_, missing) => format!(", {missing} of them not captured and written as 0"),
    };
    let resource = escape::text(store.resource(row.resource).unwrap_or_default());
    let size = count(body.bytes.len(), "byte");
    let blocks = count(row.blocks as usize, "block");
    let path = path.display().to_string();
    writeln!(out, "{}  {resource}: {size} in {blocks}{lacks}", escape::text(&path))
}
