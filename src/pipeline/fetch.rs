//! Reading a record's bytes again and decoding them: what somebody looks at.

use super::check::{FrameFacts, visit_frame};
use crate::capture::{CaptureError, FrameReader};
use crate::coap::{Finding, Message, Rule, Span};
use crate::frame::{PeelOptions, Peeled, Peeler};
use crate::store::{RecordFlags, RecordKind, Store, View};
use crate::tracking::RecordId;

/// Makes views of records. Each has its own buffers; make one a thread.
pub struct Fetcher {
    reader: FrameReader,
    checksums: bool,
    frame: Vec<u8>,
    message: Vec<u8>,
    findings: Vec<Finding>,
}

impl Fetcher {
    /// A fetcher over the files behind `reader`.
    pub fn new(reader: FrameReader, checksums: bool) -> Self {
        Self { reader, checksums, frame: Vec::new(), message: Vec::new(), findings: Vec::new() }
    }

    /// Read and decode a record.
    ///
    /// # Errors
    /// Where the file can no longer be read at that place, or the record has left the store.
    pub fn view<'a>(&'a mut self, store: &'a Store, id: RecordId) -> Result<View<'a>, CaptureError> {
        let record = store.get(id).ok_or(CaptureError::Gone)?;
        self.findings.clear();
        let position = store.position(record);
        let number = u64::from(record.frame);
        let mut coap_offset = Some(usize::from(record.coap_offset));
        let mut peeler = Peeler::new(PeelOptions { checksums: self.checksums });
        let single = [position];
        let positions = store.extents(id).unwrap_or(&single);
        for place in positions {
            let frame = self.reader.read(*place, number, &mut self.frame)?;
            match peeler.peel(&frame) {
                Peeled::Datagram(datagram) => {
                    self.message.clear();
                    self.message.extend_from_slice(datagram.payload);
                    if datagram.fragments.is_some() {
                        coap_offset = None;
                    }
                    if record.kind() == RecordKind::Message {
                        let message = Message::decode_as(&self.message, record.mode);
                        if datagram.cut {
                            self.findings.push(Finding::new(Rule::CaptureTruncated, Span::of_bytes(0, self.message.len())));
                        }
                        visit_frame(&message, &FrameFacts::of(&datagram), &mut |finding| self.findings.push(finding));
                    }
                }
                Peeled::Icmp(quote) => {
                    self.message.clear();
                    self.message.extend_from_slice(quote.payload);
                }
                Peeled::Other(_) => {}
            }
        }
        let frame = self.reader.lent(position, number, &self.frame)?;
        let message = Message::decode_as(&self.message, record.mode);
        if record.kind() == RecordKind::Message && !record.flags.has(RecordFlags::CUT) {
            message.visit_findings(&mut |finding| self.findings.push(finding));
        }
        Ok(View { id, record, store, frame, message, own_findings: &self.findings, coap_offset })
    }
}
