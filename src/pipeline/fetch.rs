//! Reading a record's bytes again and decoding them: what somebody looks at.

use std::net::SocketAddr;

use super::check;
use super::learn::{Document, Found, Learner};
use crate::capture::{CaptureError, FrameReader};
use crate::coap::{Finding, Message};
use crate::frame::{Frame, PeelOptions, Peeled, Peeler, Whole};
use crate::payload::{self, About, Part, Subject};
use crate::store::{Body, Record, RecordFlags, RecordKind, Store, View};
use crate::tracking::RecordId;

/// Makes views of records. Each has its own buffers; make one a thread.
#[derive(Clone)]
pub struct Fetcher {
    reader: FrameReader,
    options: PeelOptions,
    /// Record or block of the frame, as it stands in the file.
    frame: Vec<u8>,
    message: Vec<u8>,
    /// IP packet put together from fragments.
    whole: Option<Whole>,
    comments: Vec<String>,
    findings: Vec<Finding>,
    learner: Learner,
    /// The body that the message completed.
    body: Option<Body>,
}

impl Fetcher {
    /// A fetcher over the files behind `reader`; `checksums`: verify UDP checksums.
    pub fn new(reader: FrameReader, checksums: bool) -> Self {
        let options = PeelOptions { checksums, ..PeelOptions::default() };
        Self {
            reader,
            options,
            frame: Vec::new(),
            message: Vec::new(),
            whole: None,
            comments: Vec::new(),
            findings: Vec::new(),
            learner: Learner::default(),
            body: None,
        }
    }

    /// The reader behind it.
    pub fn reader(&self) -> &FrameReader {
        &self.reader
    }

    /// How frames are taken apart.
    pub(super) fn options(&self) -> PeelOptions {
        self.options
    }

    /// Read and decode a record; `None` where it has left the store.
    ///
    /// # Errors
    /// Where the file can no longer be read at that place.
    pub fn view<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<Option<View<'a>>, CaptureError> {
        while let Some((found, document)) = self.learner.next(store) {
            // What can no longer be read teaches nothing.
            self.learn(store, &found, document).unwrap_or_default();
        }
        let Some(record) = store.get(id) else { return Ok(None) };
        // The body is shown with the block that completed it, and with no other: it is read once, however often blocks are repeated.
        self.body = match store.completes_body(id).then(|| self.body(store, id)) {
            // Its other blocks may have been in a file that was written anew.
            None | Some(Err(CaptureError::Lost { .. })) => None,
            Some(body) => body?,
        };
        let (coap_offset, cut) = self.load(store, id, &record)?;
        let (position, number) = (store.position(&record), u64::from(record.frame));
        let frame = self.reader.lent(position, number, &self.frame)?;
        self.comments = self.reader.comments(position, &self.frame);
        let message = Message::decode_as(&self.message, record.mode).cut_if(cut);
        // Of a message that is only quoted nothing tells how its endpoints speak.
        let message = if record.kind() == RecordKind::Message { message.settled() } else { message };
        Ok(Some(View {
            id,
            record,
            store,
            frame,
            message,
            own_findings: &self.findings,
            reassembled: self.whole.as_ref(),
            comments: &self.comments,
            file: self.reader.file_name(position),
            coap_offset,
            directory: &self.learner.directory,
            body: self.body.as_ref(),
        }))
    }

    /// Takes in what a document says.
    fn learn(&mut self, store: &Store, found: &Found, document: Document) -> Result<(), CaptureError> {
        let Found { id, since } = *found;
        let Some(record) = store.get(id) else { return Ok(()) };
        let (_, cut) = self.load(store, id, &record)?;
        let message = Message::decode_as(&self.message, record.mode);
        let server = record.source.0;
        if document == (Document::Registration { lwm2m: true }) {
            self.learner.directory.is_lwm2m(server, since);
        }
        let is_readable = !cut && payload::part(&message) != Part::Later;
        let mut decoded = payload::of_message(&message, About::default()).filter(|_| is_readable);
        if store.completes_body(id)
            && let Some(body) = self.body(store, id)?.filter(|body| body.missing.is_empty())
        {
            decoded = Some(payload::decode(&body.bytes, &Subject { format: body.format, ..Subject::default() }));
        }
        if let Some(decoded) = decoded {
            let own = store.endpoint(record.source).map(|own| SocketAddr::new(own.address, own.port));
            self.learner.directory.learn(server, own, &decoded, record.frame, since);
        }
        Ok(())
    }

    /// The bytes of a record's message, until something else is read.
    ///
    /// # Errors
    /// Where the file can no longer be read at that place.
    pub(super) fn message_bytes(
        &mut self,
        store: &Store,
        id: RecordId,
        record: &Record,
    ) -> Result<&[u8], CaptureError> {
        self.load(store, id, record)?;
        Ok(&self.message)
    }

    /// Reads the bytes of a record's message, and what is odd about it and its frame. Returns where the message begins in its frame, and
    /// whether the capture cut it.
    fn load(&mut self, store: &Store, id: RecordId, record: &Record) -> Result<(Option<usize>, bool), CaptureError> {
        let (position, number) = (store.position(record), u64::from(record.frame));
        let mut coap_offset = Some(usize::from(record.coap_offset));
        let is_message = record.kind() == RecordKind::Message;
        let mut cut = record.flags.has(RecordFlags::CUT);
        let mut peeler = Peeler::new(self.options);
        self.findings.clear();
        self.message.clear();
        self.whole = None;
        let single = [position];
        for place in store.extents(id).unwrap_or(&single) {
            self.reader.load(*place, &mut self.frame)?;
            let frame = self.reader.lent(*place, number, &self.frame)?;
            if *place == position && frame.time != record.time {
                return Err(self.reader.changed(position));
            }
            // They were found to be one datagram among all frames, whatever the times of these are.
            let frame = Frame { time: record.time, ..frame };
            match peeler.peel(&frame) {
                Peeled::Datagram(datagram) => {
                    self.message.extend_from_slice(datagram.payload);
                    self.whole = datagram.reassembled.cloned();
                    coap_offset = coap_offset.filter(|_| datagram.reassembled.is_none());
                    if is_message {
                        let message = Message::decode_as(&self.message, record.mode).settled().cut_if(datagram.cut);
                        check::visit(&message, &datagram, &mut |finding| self.findings.push(finding));
                    }
                }
                Peeled::Icmp(quote) => {
                    self.message.extend_from_slice(quote.payload);
                    self.whole = quote.reassembled.cloned();
                    coap_offset = coap_offset.filter(|_| quote.reassembled.is_none());
                    cut |= quote.payload.len() < quote.wire_length as usize;
                }
                Peeled::Other(_) => {}
            }
        }
        if self.message.len() < usize::from(record.coap_length) {
            return Err(self.reader.changed(position));
        }
        Ok((coap_offset, cut))
    }
}

/// The bytes of a record's message in its frame, which must be the one that it was made of: the file may have been written over since.
///
/// # Errors
/// Where it has another time, or is too short.
#[inline]
pub(super) fn message_in<'f>(
    frame: &Frame<'f>,
    record: &Record,
    reader: &FrameReader,
) -> Result<&'f [u8], CaptureError> {
    let start = usize::from(record.coap_offset);
    let bytes = frame.bytes.get(start..start + usize::from(record.coap_length));
    bytes.filter(|_| frame.time == record.time).ok_or_else(|| reader.changed(frame.position))
}
