//! What a savefile says of an interface that was captured on.

use std::sync::{Arc, PoisonError, RwLock};

use super::classic::Layout;
use super::{Clock, Origin, Secrets};
use crate::frame::LinkType;

/// Most interfaces of all files that are told apart, and most of a section: they are numbered by 16 bits.
pub(super) const MAX_INTERFACES: usize = 1 << 16;

/// Interfaces among which one that is described again is looked for.
const LOOKED_AT: usize = 1024;

/// An interface of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Which file it belongs to.
    pub file: u16,
    /// Its name, such as `eth0`, where the file tells.
    pub name: Option<Arc<str>>,
    /// Its description, where the file tells.
    pub description: Option<Arc<str>>,
    /// Link type of its frames.
    pub link: LinkType,
    /// Most bytes kept of a frame; 0 for all.
    pub snaplen: u32,
    /// How it counts time.
    pub clock: Clock,
    /// How its records are laid out.
    pub(super) record: RecordForm,
    /// Which section of the file it belongs to, and its number there.
    pub(super) place: (u32, u16),
    /// Where several files are read, its number among the interfaces of all: one that is described in several of them counts once.
    pub(super) among: Option<u16>,
}

impl Interface {
    /// Its number, from 0: in its section, where the file numbers its interfaces (pcapng does, pcap does not); among those of all files, where
    /// several are read, as `mergecap -I any` numbers them.
    pub fn number(&self) -> Option<u16> {
        let in_section = matches!(self.record, RecordForm::Block { .. }).then_some(self.place.1);
        self.among.or(in_section)
    }

    /// Whether both stand in the same way in two sections of one file, so that nothing tells them apart.
    fn is_same(&self, earlier: &Self) -> bool {
        (self.file, self.place.1) == (earlier.file, earlier.place.1)
            && self.place.0 != earlier.place.0
            && (self.link, self.snaplen, self.clock, self.record)
                == (earlier.link, earlier.snaplen, earlier.clock, earlier.record)
            && (&self.name, &self.description) == (&earlier.name, &earlier.description)
    }

    /// Whether both are one interface of one machine, described twice: in another file or section of the same capture.
    fn is_again(&self, earlier: &Self) -> bool {
        (self.file, self.place.0) != (earlier.file, earlier.place.0)
            && self.link == earlier.link
            && self.name == earlier.name
            && (self.name.is_some() || self.place.1 == earlier.place.1)
    }
}

/// How a frame stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordForm {
    /// A record of pcap.
    Classic(Layout),
    /// A block of pcapng, whose numbers are in this byte order.
    Block { big_endian: bool },
}

/// What is needed to read a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub link: LinkType,
    pub snaplen: u32,
    pub clock: Clock,
    pub record: RecordForm,
}

/// What became of an interface that was added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    pub number: u16,
    /// Number of the first description of the same interface.
    pub first: u16,
    /// How many others were met before that.
    pub rank: u16,
    pub is_new: bool,
}

/// An interface, and what is known of those before it.
#[derive(Clone, Debug)]
struct Listed {
    interface: Interface,
    first: u16,
    rank: u16,
    /// How many there are up to here that are not the same.
    distinct: u32,
}

/// The interfaces of all files, as far as they were met: written by the source, read by whoever reads frames again.
/// It is locked only when an interface is added and when a single frame is looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct InterfaceTable {
    list: Arc<RwLock<Vec<Listed>>>,
    /// The keys met so far, which belong to the files as the interfaces do.
    secrets: Arc<RwLock<Vec<Secrets>>>,
    /// What the sections met so far tell of the capture.
    origin: Arc<RwLock<Origin>>,
}

impl InterfaceTable {
    /// Adds one, and gives its number and that of the first description of the same interface; none where there are more than can be
    /// numbered. `is_new`: it was not there yet, as it is where an earlier section of the file has the very same.
    pub fn add(&self, interface: &Interface) -> Option<Added> {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let earlier = || (0..).zip(list.iter()).take(LOOKED_AT);
        if let Some((number, listed)) = earlier().find(|(_, listed)| interface.is_same(&listed.interface)) {
            return Some(Added { number, first: listed.first, rank: listed.rank, is_new: false });
        }
        let number = u16::try_from(list.len()).ok()?;
        let before = list.last().map_or(0, |last| last.distinct);
        let again = earlier().find(|(_, listed)| interface.is_again(&listed.interface));
        let (first, rank, distinct) = match again {
            Some((_, listed)) => (listed.first, listed.rank, before),
            None => (number, before as u16, before + 1),
        };
        list.push(Listed { interface: interface.clone(), first, rank, distinct });
        Some(Added { number, first, rank, is_new: true })
    }

    /// Keeps keys.
    pub fn keep(&self, secrets: Secrets) {
        self.secrets.write().unwrap_or_else(PoisonError::into_inner).push(secrets);
    }

    /// The keys met so far.
    pub fn secrets(&self) -> Vec<Secrets> {
        self.secrets.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what a section tells of the capture.
    pub fn keep_origin(&self, origin: Origin) {
        self.origin.write().unwrap_or_else(PoisonError::into_inner).add(origin);
    }

    /// What the sections met so far tell of the capture.
    pub fn origin(&self) -> Origin {
        self.origin.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is needed to read a frame of that interface.
    pub fn get(&self, number: u16) -> Option<Known> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.get(usize::from(number)).map(|Listed { interface: it, .. }| Known {
            link: it.link,
            snaplen: it.snaplen,
            clock: it.clock,
            record: it.record,
        })
    }
}
