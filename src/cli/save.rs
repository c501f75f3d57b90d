//! `print -w OUT.pcapng`: the chosen messages as a capture, with what is odd about each as a comment on its frame.

use std::collections::HashSet;
use std::io::{self, BufWriter, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Out, target};
use crate::pipeline::Fetcher;
use crate::render::excerpt::{Excerpt, ExcerptError};
use crate::store::{RecordKind, Store};
use crate::tracking::{ExchangeId, NO_RECORD, RecordId};

/// Where chosen messages are saved.
pub(super) struct Save {
    /// None: standard output.
    path: Option<PathBuf>,
    /// The other messages of their exchanges as well.
    whole_exchanges: bool,
}

impl Save {
    /// To a file, which must not be one of those that are read; `-` is standard output, where nothing is `printed` as well.
    ///
    /// # Errors
    /// Where it is one of them, or standard output takes no capture.
    pub fn new(path: &Path, whole_exchanges: bool, inputs: &[PathBuf], printed: bool) -> anyhow::Result<Self> {
        if path != Path::new("-") {
            target::refuse_inputs("-w", path, inputs)?;
            return Ok(Self { path: Some(path.to_owned()), whole_exchanges });
        }
        if printed {
            bail!("-w -: frames and text cannot share standard output; name a file, or leave out -V, -x and -T");
        }
        if io::stdout().is_terminal() {
            bail!("-w -: standard output is a terminal, and no terminal shows a capture; name a file, or pipe it on");
        }
        Ok(Self { path: None, whole_exchanges })
    }

    /// Write the chosen messages, in the order of their frames; `out` is standard output.
    ///
    /// # Errors
    /// Where the capture cannot be read or the file not be written.
    pub fn write(
        &self,
        store: &Store,
        fetcher: &Fetcher,
        chosen: &[RecordId],
        out: &mut Out<'_>,
    ) -> anyhow::Result<()> {
        let chosen = if self.whole_exchanges { with_exchanges(store, chosen) } else { chosen.to_vec() };
        let excerpt = Excerpt::new(store, fetcher, &chosen, &|| false)?;
        let Some(path) = &self.path else {
            out.data();
            return match excerpt.write(out) {
                Err(ExcerptError::Output(error)) => Err(error.into()),
                written => Ok(written?),
            };
        };
        let mut draft = target::create(path)?;
        let cannot = |error: io::Error| Err(error).with_context(|| format!("{}: cannot be written", path.display()));
        match excerpt.write(BufWriter::new(&mut draft)) {
            Err(ExcerptError::Output(error)) => cannot(error),
            written => written.map_err(anyhow::Error::from).and_then(|()| draft.finish().or_else(cannot)),
        }
    }
}

/// The chosen messages and the others of their exchanges, evidence about these among them.
fn with_exchanges(store: &Store, chosen: &[RecordId]) -> Vec<RecordId> {
    let exchange = |id: RecordId| {
        let record = store.get(id)?;
        let of = match record.kind() {
            RecordKind::Evidence if record.relates_to != NO_RECORD => store.get(record.relates_to)?,
            _ => record,
        };
        Some(of.exchange).filter(|exchange| *exchange != ExchangeId(0))
    };
    let exchanges: HashSet<ExchangeId> = chosen.iter().filter_map(|id| exchange(*id)).collect();
    let alone: HashSet<RecordId> = chosen.iter().copied().filter(|id| exchange(*id).is_none()).collect();
    let all = store.first()..store.len() as RecordId;
    all.filter(|id| alone.contains(id) || exchange(*id).is_some_and(|of| exchanges.contains(&of))).collect()
}
