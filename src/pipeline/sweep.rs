//! Looking at many messages in the order of the capture, as far as is needed: what a filter does.

use super::fetch::message_in;
use super::{Fetcher, check};
use crate::capture::{CaptureError, RunReader};
use crate::coap::{Finding, Message};
use crate::frame::{Frame, LinkType, Peeled, Peeler, Position};
use crate::payload::Directory;
use crate::store::{Record, RecordFlags, Store, View};
use crate::tracking::RecordId;

/// Makes views of records that hold no more than is needed. Each has its own buffers; make one a thread.
#[derive(Clone)]
pub struct Sweep {
    runs: RunReader,
    fetcher: Fetcher,
    /// The message of whatever is not read.
    unread: Message<'static>,
    findings: Vec<Finding>,
    /// What servers say of their resources is not learnt here: who asks for that reads all.
    directory: Directory,
}

impl Sweep {
    /// Looks at what `fetcher` reads.
    pub fn new(fetcher: &Fetcher) -> Self {
        let runs = RunReader::new(fetcher.reader().clone());
        Self {
            runs,
            fetcher: fetcher.clone(),
            unread: Message::decode(&[]),
            findings: Vec::new(),
            directory: Directory::default(),
        }
    }

    /// A record without anything of its file: its message and its frame are empty.
    #[inline]
    pub fn bare<'a>(&'a self, store: &'a Store, id: RecordId, record: Record) -> View<'a> {
        let frame = Frame {
            number: u64::from(record.frame),
            time: record.time,
            link: LinkType(0),
            original_length: 0,
            bytes: &[],
            position: Position::default(),
        };
        view(store, id, record, frame, self.unread, &self.directory)
    }

    /// A record with its message and its frame, but without what is odd about them and without comments. Of what came in fragments, and
    /// of evidence, all is read.
    ///
    /// # Errors
    /// Where the file can no longer be read at that place.
    pub fn message<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<Option<View<'a>>, CaptureError> {
        let Some(record) = store.get(id) else { return Ok(None) };
        if record.flags.has(RecordFlags::EVIDENCE | RecordFlags::FRAGMENTED) {
            return self.fetcher.view(store, id);
        }
        let position = store.position(&record);
        let frame = self.runs.frame(position, u64::from(record.frame))?;
        let bytes = message_in(&frame, &record, self.fetcher.reader())?;
        let message = Message::decode_as(bytes, record.mode).settled().cut_if(record.flags.has(RecordFlags::CUT));
        let file = self.fetcher.reader().file_name(position);
        Ok(Some(View {
            file,
            coap_offset: Some(record.coap_offset.into()),
            ..view(store, id, record, frame, message, &self.directory)
        }))
    }

    /// The same, with the body that the message completed.
    ///
    /// # Errors
    /// As for [`Sweep::message`].
    pub fn body<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<Option<View<'a>>, CaptureError> {
        if store.completes_body(id) { self.fetcher.view(store, id) } else { self.message(store, id) }
    }

    /// The same, with what is odd about the message and its frame, and the body that it completed.
    ///
    /// # Errors
    /// As for [`Sweep::message`].
    pub fn findings<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<Option<View<'a>>, CaptureError> {
        let Some(record) = store.get(id) else { return Ok(None) };
        if record.flags.has(RecordFlags::EVIDENCE | RecordFlags::FRAGMENTED) || store.completes_body(id) {
            return self.fetcher.view(store, id);
        }
        let position = store.position(&record);
        let frame = self.runs.frame(position, u64::from(record.frame))?;
        self.findings.clear();
        if let Peeled::Datagram(datagram) = Peeler::new(self.fetcher.options()).peel(&frame) {
            let message = Message::decode_as(datagram.payload, record.mode).settled().cut_if(datagram.cut);
            check::visit(&message, &datagram, &mut |finding| self.findings.push(finding));
        }
        let bytes = message_in(&frame, &record, self.fetcher.reader())?;
        let message = Message::decode_as(bytes, record.mode).settled().cut_if(record.flags.has(RecordFlags::CUT));
        let file = self.fetcher.reader().file_name(position);
        let own_findings = &self.findings;
        let coap_offset = Some(record.coap_offset.into());
        Ok(Some(View { file, coap_offset, own_findings, ..view(store, id, record, frame, message, &self.directory) }))
    }

    /// A record with all that can be read of it.
    ///
    /// # Errors
    /// As for [`Sweep::message`].
    pub fn whole<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<Option<View<'a>>, CaptureError> {
        self.fetcher.view(store, id)
    }
}

#[inline]
fn view<'a>(
    store: &'a Store,
    id: RecordId,
    record: Record,
    frame: Frame<'a>,
    message: Message<'a>,
    directory: &'a Directory,
) -> View<'a> {
    View {
        id,
        record,
        store,
        frame,
        message,
        own_findings: &[],
        reassembled: None,
        comments: &[],
        file: None,
        coap_offset: None,
        directory,
        body: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::capture::{self, Input};
    use crate::pipeline::{Pipeline, PipelineOptions, Step};
    use crate::store::Update;

    /// Where the header of the first record begins.
    const RECORD: u64 = 24;

    #[test]
    fn what_was_written_over_is_not_taken_for_what_was_read() {
        let bytes = std::fs::read("captures/lab/02-alarm-plain.pcap").unwrap();
        let length = u32::from_le_bytes(*bytes[32..].first_chunk().unwrap());
        for (name, at, written) in [
            ("zeros", RECORD, vec![0; bytes.len() - RECORD as usize]),
            ("another time", RECORD + 4, vec![1, 0]),
            ("a shorter record", RECORD + 8, (length - 1).to_le_bytes().to_vec()),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.pcap");
            std::fs::write(&path, &bytes).unwrap();
            let opened = capture::open(&Input::Path(path.clone()), folder.path()).unwrap();
            let mut pipeline = Pipeline::new(opened.source, PipelineOptions::default());
            let (mut store, mut step) = (Store::default(), Step::Pending);
            while step != Step::Ended {
                let mut update = Update::default();
                step = pipeline.step(&mut update);
                store.apply(update);
            }
            let whole = Fetcher::new(opened.reader, false);
            File::options().write(true).open(&path).unwrap().write_all_at(&written, at).unwrap();
            let mut sweep = Sweep::new(&whole);
            let results = [
                sweep.message(&store, 0).map(drop),
                sweep.findings(&store, 0).map(drop),
                whole.clone().view(&store, 0).map(drop),
            ];
            for result in results {
                assert!(matches!(result, Err(CaptureError::Changed { offset: RECORD, .. })), "{name}: {result:?}");
            }
        }
    }
}
