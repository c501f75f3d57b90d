//! What is odd about a savefile, but does not keep the rest from being read.

use std::fmt;

use super::error::typed;
use crate::coap::count;

/// Something odd. Displayed in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Name of the file.
    pub file: String,
    /// Where, in bytes.
    pub offset: u64,
    /// What.
    pub kind: WarningKind,
}

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// The file ends in the middle of a record.
    Cut {
        /// How many bytes are there of the record.
        held: u64,
        /// How many it should have, as far as its header tells.
        claimed: u64,
        /// Where a whole capture begins in it, which the frame carries, or which was joined to this file.
        capture: Option<u64>,
    },
    /// The header of a pcap is not whole: another file was joined to it there.
    HeaderCut {
        /// How many bytes are there of it.
        held: u64,
    },
    /// A record cannot be what it claims, and nothing behind it can be found.
    BadRecord {
        /// The captured length it claims.
        claimed: u32,
    },
    /// A record cannot be what it claims; reading went on at the next one that can be.
    RecordsSkipped {
        /// Bytes passed over.
        skipped: u64,
    },
    /// A block of pcapng is damaged and was left out.
    BadBlock {
        /// Its type.
        kind: u32,
        /// Bytes passed over.
        skipped: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A block of pcapng is damaged, and no sound one follows.
    BadEnd {
        /// Its type.
        kind: u32,
        /// Bytes from there to the end of the file.
        held: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A frame of an interface whose description is damaged was left out.
    InterfaceDamaged,
    /// Frames of interfaces beyond those that are told apart are left out. Said once a file.
    InterfacesLeftOut {
        /// How many are told apart.
        most: usize,
    },
    /// Keys of a pcapng that would be more than are kept. Said once a file.
    SecretsLeftOut {
        /// Bytes of these.
        length: usize,
        /// Bytes that are kept of a file.
        most: usize,
    },
    /// A fraction of a second of one second or more, carried into the seconds. Said once a file.
    FractionCarried {
        /// The frame.
        frame: u64,
    },
    /// A time that no clock shows, set to the nearest one. Said once a file.
    TimeOutOfRange {
        /// The frame.
        frame: u64,
    },
    /// The header of another file stands in the middle of this one.
    Joined {
        /// How many frames were in front of it.
        frames: u64,
    },
    /// The file was followed, and was written anew, or another has its name.
    Anew {
        /// How many frames were read before.
        frames: u64,
    },
    /// The compressed data ends early or is damaged.
    Compression {
        /// What the decompressor says.
        why: String,
    },
    /// Something that is no gzip stands behind the compressed data, which is whole.
    BehindCompressed,
    /// The same file is read twice.
    Twice,
    /// The line ends of a pcap were changed, so that nearly every record is damaged.
    AsText,
    /// There is more to say than is said. The last warning about a file.
    More,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, kind } = self;
        match kind {
            WarningKind::Cut { held, claimed, capture } => {
                write!(
                    f,
                    "{file}: ends in the middle of a record: {held} of {claimed} bytes are there from byte {offset} on; all whole ones were read"
                )?;
                let Some(at) = capture else { return Ok(()) };
                write!(f, "; another capture begins in it, which its frame carries unless files were joined: ")?;
                write!(f, "tail -c +{} {} | coapscope - reads that", at + 1, typed(file))
            }
            WarningKind::HeaderCut { held } => write!(
                f,
                "{file}: the file header at byte {offset} ends after {}, where another capture begins, as if files had been joined with cat; that was read",
                count(*held, "byte")
            ),
            WarningKind::BadRecord { claimed: 0 } => {
                write!(f, "{file}: the record at byte {offset} is made of zeros; nothing can be read from there on")
            }
            WarningKind::BadRecord { claimed } => write!(
                f,
                "{file}: the record at byte {offset} claims to hold {claimed} bytes; nothing can be read from there on"
            ),
            WarningKind::RecordsSkipped { skipped } => write!(
                f,
                "{file}: the record at byte {offset} is damaged; {} up to the next one that can be read",
                were_skipped(*skipped)
            ),
            WarningKind::BadBlock { kind, skipped, why } => write!(
                f,
                "{file}: the block of type 0x{kind:08x} at byte {offset} is damaged ({why}); {}",
                were_skipped(*skipped)
            ),
            WarningKind::BadEnd { kind, held, why } => write!(
                f,
                "{file}: the block of type 0x{kind:08x} at byte {offset} is damaged ({why}); nothing can be read from there on, {} to the end",
                count(*held, "byte")
            ),
            WarningKind::InterfaceDamaged => write!(
                f,
                "{file}: the frame at byte {offset} was left out: the description of its interface is damaged, so that its link type is not known"
            ),
            WarningKind::InterfacesLeftOut { most } => write!(
                f,
                "{file}: the frame at byte {offset} was left out, as are all of interfaces beyond the first {most} (this is said once)"
            ),
            WarningKind::SecretsLeftOut { length, most } => write!(
                f,
                "{file}: {length} bytes of decryption secrets at byte {offset} were left out, as are further ones: {most} bytes are kept of a file; frames are read all the same (this is said once)"
            ),
            WarningKind::FractionCarried { frame } => write!(
                f,
                "{file}: frame {frame} has a fraction of a second that is a second or more; it was added to the seconds (this is said once)"
            ),
            WarningKind::TimeOutOfRange { frame } => write!(
                f,
                "{file}: frame {frame} has a time outside the years 1677 to 2262; it was set to the nearest, and no duration is counted from or to such a time (this is said once)"
            ),
            WarningKind::Joined { frames } => write!(
                f,
                "{file}: another capture begins at byte {offset}, behind frame {frames}, as if files had been joined with cat; it was read on as a part of this one"
            ),
            WarningKind::Anew { frames } => write!(
                f,
                "{file}: was written anew or replaced, behind frame {frames}; the new file is read on as a part of this capture"
            ),
            WarningKind::More => {
                write!(f, "{file}: there is more that is odd, from byte {offset} on; only so many warnings are given")
            }
            WarningKind::Twice => write!(
                f,
                "{file}: is read more than once, so that each of its frames is there again, like one that the capture point saw twice; name it once"
            ),
            WarningKind::AsText => write!(
                f,
                "{file}: its line ends were changed, as if it were text, so that nothing in it can be relied on; copy it again, as binary"
            ),
            WarningKind::BehindCompressed => {
                write!(
                    f,
                    "{file}: something that is no gzip stands behind the compressed data; all of that was read, and the rest left out"
                )
            }
            WarningKind::Compression { why } => {
                write!(f, "{file}: the compressed data is damaged or ends early ({why}); what came before was read")
            }
        }
    }
}

fn were_skipped(number: u64) -> String {
    format!("{} {} skipped", count(number, "byte"), if number == 1 { "was" } else { "were" })
}
