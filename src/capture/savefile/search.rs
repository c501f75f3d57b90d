//! Looks for the next sound record or block behind damage, however far that is.

use super::{Format, Savefile, Section, Step};
use crate::capture::classic::{self, Trail};
use crate::capture::format::Sound;
use crate::capture::window::Have;
use crate::capture::{CaptureError, WarningKind, blocks};

/// What is told to be sound lies within so many bytes from its beginning on.
pub(in crate::capture) const REACH: usize = 1 << 20;

/// Beginnings of files that are looked at in a record: it may be full of them.
const FILES: usize = 16;

/// Damage that is being passed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// Where it begins.
    from: u64,
    damage: Damage,
    /// Length of the record or block there, where the file ends before: then it is cut, if nothing sound follows.
    cut: Option<u64>,
}

/// What is damaged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Damage {
    /// A record of pcap that claims to hold so many bytes.
    Record { claimed: u32 },
    /// A block of pcapng of this type.
    Block { kind: u32, why: &'static str },
}

/// What a look at some bytes found.
enum Found {
    /// Something sound begins here.
    At(usize),
    /// Nothing in so many bytes.
    Nothing(usize),
}

/// Looks for what is sound. `hurries`: what is not told yet of one place does not keep from a later one.
fn look(bytes: &[u8], hurries: bool, judge: impl Fn(&[u8]) -> Sound) -> Found {
    let mut untold = None;
    for at in 0..bytes.len() {
        match judge(bytes.get(at..).unwrap_or_default()) {
            Sound::No => {}
            Sound::Yes => return Found::At(at),
            Sound::Untold if hurries => _ = untold.get_or_insert(at),
            Sound::Untold => return Found::Nothing(at),
        }
    }
    Found::Nothing(untold.unwrap_or(bytes.len()))
}

impl Savefile {
    /// Passes over damage that begins here, and of which the first `length` bytes need not be looked at. `cut`: the file ends before so
    /// many bytes.
    #[cold]
    pub(super) fn pass(&mut self, damage: Damage, length: usize, cut: Option<u64>) -> Step {
        self.gap = Some(Gap { from: self.window.offset(), damage, cut });
        self.window.consume(length.max(1));
        Step::Again
    }

    /// Where something sound begins within a record that is whole, though nothing sound stands behind its `length` bytes: another file, where
    /// it was cut and that joined to it; or a record behind the `own` bytes of its frame, where its length is wrong.
    pub(super) fn swallowed(&self, own: Option<usize>, length: usize) -> Option<usize> {
        let Format::Classic { header, times, .. } = &self.format else { return None };
        let trail = Trail { layout: header.layout, clock: header.clock, times: *times };
        let bytes = self.window.bytes();
        let mut files = FILES;
        (1..length).find(|at| {
            let behind = bytes.get(*at..).unwrap_or_default();
            if classic::begins_any(behind) {
                let is_looked_at = files > 0;
                files = files.saturating_sub(1);
                is_looked_at && classic::crosses(behind, length - at)
            } else {
                own.is_some_and(|own| *at >= own) && trail.judge(behind, false) == Sound::Yes
            }
        })
    }

    /// Where a sound record begins in what is left of the file, in the middle of one that claims to be longer: behind the `own` bytes of its frame,
    /// or, where that does not tell them, anywhere but behind the beginning of a file, which it may carry.
    pub(super) fn follower(&self, own: Option<usize>) -> Option<usize> {
        let begin = own.unwrap_or(1);
        let bytes = self.window.bytes().get(begin..)?;
        let Found::At(at) = self.look(bytes, Have::Short) else { return None };
        let is_carried = own.is_none() && classic::begins_any(bytes.get(at..)?);
        (!is_carried).then_some(begin + at)
    }

    /// Goes on to what is sound.
    #[cold]
    pub(super) fn search(&mut self) -> Result<Step, CaptureError> {
        loop {
            // Twice as much, lest a few bytes be passed at a time.
            let have = self.ensure(2 * REACH)?;
            let Some(gap) = self.gap else {
                // Another file came in the place of this one.
                return Ok(Step::Pending);
            };
            match (self.look(self.window.bytes(), have), have) {
                (Found::At(length), _) => {
                    self.window.consume(length);
                    self.gap = None;
                    self.warn(gap.from, gap.passed(self.window.offset() - gap.from));
                    return Ok(Step::Again);
                }
                (Found::Nothing(length), Have::All) => self.window.consume(length),
                (Found::Nothing(length), Have::Pending) => {
                    self.window.consume(length);
                    return Ok(Step::Pending);
                }
                (Found::Nothing(length), Have::Short) => {
                    self.window.consume(length);
                    self.gap = None;
                    self.warn(gap.from, gap.open(self.window.offset() - gap.from));
                    return Ok(self.end());
                }
            }
        }
    }

    fn look(&self, bytes: &[u8], have: Have) -> Found {
        let (at_end, hurries) = (have == Have::Short, have == Have::Pending);
        match &self.format {
            Format::Classic { header, times, .. } => {
                let trail = Trail { layout: header.layout, clock: header.clock, times: *times };
                look(bytes, hurries, |bytes| trail.judge(bytes, at_end))
            }
            Format::Blocks(Section { big_endian, .. }) => {
                look(bytes, hurries, |bytes| blocks::judge(bytes, *big_endian, at_end))
            }
            Format::Unknown | Format::Ended => Found::Nothing(bytes.len()),
        }
    }

    /// Whether something sound is there by now behind the first `length` bytes of a record or block of which more is waited for: then its
    /// length is wrong.
    #[cold]
    pub(super) fn is_overtaken(&self, length: usize) -> bool {
        let bytes = self.window.bytes().get(length..).unwrap_or_default();
        matches!(self.look(bytes.get(..REACH).unwrap_or(bytes), Have::Pending), Found::At(_))
    }

    /// The same of a record that is whole. No byte is looked at for a second one: there may be many of them.
    #[cold]
    pub(super) fn is_disproved(&mut self) -> bool {
        let offset = self.window.offset();
        let begin = usize::try_from(self.barren.saturating_sub(offset)).unwrap_or(usize::MAX).max(1);
        let found = self.is_overtaken(begin);
        if !found {
            let end = self.window.bytes().len().min(begin.saturating_add(REACH));
            self.barren = self.barren.max(offset + end as u64);
        }
        found
    }
}

impl Gap {
    /// What is said where something sound follows, so many bytes on.
    fn passed(&self, skipped: u64) -> WarningKind {
        match self.damage {
            Damage::Record { .. } => WarningKind::RecordsSkipped { skipped },
            Damage::Block { kind, why } => WarningKind::BadBlock { kind, skipped, why },
        }
    }

    /// What is said where nothing sound follows in the so many bytes that are left.
    fn open(&self, held: u64) -> WarningKind {
        match (self.cut, self.damage) {
            (Some(claimed), _) => WarningKind::Cut { held, claimed },
            (None, Damage::Record { claimed }) => WarningKind::BadRecord { claimed },
            (None, Damage::Block { kind, why }) => WarningKind::BadEnd { kind, held, why },
        }
    }
}
