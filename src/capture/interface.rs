//! What a savefile says of an interface that was captured on.

use std::sync::{Arc, PoisonError, RwLock};

use super::Clock;
use super::classic::Layout;
use crate::frame::LinkType;

/// An interface of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Which file it belongs to.
    pub file: u16,
    /// Its name, such as `eth0`, where the file tells.
    pub name: Option<String>,
    /// Its description, where the file tells.
    pub description: Option<String>,
    /// Link type of its frames.
    pub link: LinkType,
    /// Most bytes kept of a frame; 0 for all.
    pub snaplen: u32,
    /// How it counts time.
    pub clock: Clock,
    /// How its records are laid out.
    pub(super) record: RecordForm,
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

/// The interfaces of all files, as far as they were met: written by the source, read by whoever reads frames again.
/// It is locked only when an interface is added and when a single frame is looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct InterfaceTable(Arc<RwLock<Vec<Interface>>>);

impl InterfaceTable {
    /// Adds one, and gives its number; none where there are more than can be numbered.
    pub fn add(&self, interface: Interface) -> Option<u16> {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let number = u16::try_from(list.len()).ok()?;
        list.push(interface);
        Some(number)
    }

    /// What is needed to read a frame of that interface.
    pub fn get(&self, number: u16) -> Option<Known> {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        list.get(usize::from(number)).map(|it| Known {
            link: it.link,
            snaplen: it.snaplen,
            clock: it.clock,
            record: it.record,
        })
    }
}
