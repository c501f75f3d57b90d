//! Looks for the next sound record or block behind damage, however far that is.

use super::{Format, Savefile, Step};
use crate::capture::classic::{self, Trail};
use crate::capture::format::Sound;
use crate::capture::window::Have;
use crate::capture::{CaptureError, WarningKind, blocks};

/// What is told to be sound lies within so many bytes from its beginning on.
pub(in crate::capture) const REACH: usize = 1 << 20;

/// Rows of records, and beginnings of files, that are followed in a record: it may be full of them.
const ROWS: usize = 64;

/// Takes one, if one is left.
fn is_left(count: &mut usize) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}

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

    /// Where something sound begins within a record that is whole, though nothing sound stands behind its `length` bytes: records or another file
    /// that go on beyond these, where it was cut; or a record behind the `own` bytes of its frame, where its length is wrong.
    pub(super) fn ends_before(&mut self, seconds: u32, own: Option<usize>, length: usize) -> Option<usize> {
        let at_end = self.window.look_ahead(length + REACH);
        let behind = self.window.bytes().get(length..).unwrap_or_default();
        // It may only be of another day.
        let is_sound = self.judge(behind, at_end) != Sound::No || self.trail()?.goes_on(behind);
        if is_sound { None } else { self.swallowed(seconds, own, length) }
    }

    fn swallowed(&self, seconds: u32, own: Option<usize>, length: usize) -> Option<usize> {
        self.row_across(self.trail()?.behind(seconds), own, length, false)
    }

    /// Where records or another file begin that go on beyond so many bytes; or a record behind the `own` ones.
    fn row_across(&self, trail: Trail, own: Option<usize>, length: usize, at_end: bool) -> Option<usize> {
        let bytes = self.window.bytes();
        let mut rows = ROWS;
        let mut may_look = || is_left(&mut rows);
        (1..length).find(|at| {
            let behind = bytes.get(*at..).unwrap_or_default();
            let rest = own.and_then(|own| own.checked_sub(*at));
            if classic::begins_any(behind) {
                return may_look() && classic::crosses(behind, length - at, rest);
            }
            trail.judge(behind, at_end) == Sound::Yes
                && (own.is_some_and(|own| *at >= own) || may_look() && trail.crosses(behind, length - at, rest))
        })
    }

    /// Where something sound begins in what is left of the file, in the middle of a record or block that claims to be longer: behind the `own` bytes of
    /// its frame, or anywhere where a row begins that ends with the file, but for behind the beginning of a file, which the frame may carry: then
    /// where that is.
    fn follower(&self, seconds: Option<u32>, own: Option<usize>) -> Result<usize, Option<usize>> {
        let bytes = self.window.bytes();
        let trail = self.trail().zip(seconds).map(|(trail, seconds)| trail.behind(seconds));
        let (judge, ends) = (
            |bytes: &[u8]| trail.map_or_else(|| self.judge(bytes, true), |trail| trail.judge(bytes, true)),
            |bytes: &[u8]| trail.map_or_else(|| self.ends(bytes), |trail| trail.ends(bytes)),
        );
        let (mut rows, mut carried) = (ROWS, None);
        let found = (1..bytes.len()).find(|at| {
            let behind = bytes.get(*at..).unwrap_or_default();
            let is_beyond = own.is_some_and(|own| *at >= own);
            if !is_beyond && classic::begins_any(behind) {
                carried.get_or_insert(*at);
            }
            if !is_beyond && carried.is_some() || judge(behind) != Sound::Yes {
                return false;
            }
            is_beyond || is_left(&mut rows) && ends(behind)
        });
        found.ok_or(carried)
    }

    /// Passes over damage of which the first bytes are the `own` ones of a frame, which may carry a capture: nothing in them is sound but a row that
    /// goes on beyond them, where the frame was cut.
    #[cold]
    pub(super) fn pass_own(&mut self, damage: Damage, own: Option<usize>, cut: Option<u64>) -> Step {
        let Some(own) = own else { return self.pass(damage, 1, cut) };
        let at_end = self.window.look_ahead(own + REACH);
        // What claims to go on beyond the end of the file is not believed.
        let own = own.min(self.window.bytes().len().saturating_sub(1)).max(1);
        let within = match (&self.format, self.trail()) {
            (_, Some(trail)) => self.row_across(trail, Some(own), own, at_end),
            (Format::Blocks(section), None) => {
                let closed = blocks::closed(self.window.bytes(), section.big_endian);
                self.blocks_across(own, closed, section.big_endian)
            }
            _ => None,
        };
        self.pass(damage, within.unwrap_or(own), cut)
    }

    /// Where blocks begin within the so many bytes of one, of which it therefore is cut: they go on up to its end, where what it holds has ended.
    #[cold]
    pub(super) fn swallowed_blocks(&self, length: usize, big_endian: bool) -> Option<usize> {
        self.blocks_across(length.saturating_sub(4), None, big_endian)
    }

    fn blocks_across(&self, length: usize, own: Option<usize>, big_endian: bool) -> Option<usize> {
        let bytes = self.window.bytes();
        let mut rows = ROWS;
        (1..length).find(|at| {
            let behind = bytes.get(*at..).unwrap_or_default();
            let own = own.and_then(|own| own.checked_sub(*at));
            blocks::judge(behind, big_endian, false) == Sound::Yes
                && is_left(&mut rows)
                && blocks::cross(behind, big_endian, length - at, own, classic::MOST)
        })
    }

    /// Passes over a record or block of so many bytes that goes beyond the end of the file, where something sound follows; else that is cut.
    /// `seconds`: the time of a record.
    pub(super) fn pass_or_cut(
        &mut self,
        damage: Damage,
        seconds: Option<u32>,
        own: Option<usize>,
        length: usize,
    ) -> Step {
        match self.follower(seconds, own) {
            Ok(own) => self.pass(damage, own, None),
            Err(carried) => {
                let begins = |at: &usize| self.window.bytes().get(*at..).is_some_and(classic::ends);
                let capture = carried.filter(begins).map(|at| self.window.offset() + at as u64);
                self.cut_before(length as u64, capture)
            }
        }
    }

    /// What the records of a pcap look like.
    fn trail(&self) -> Option<Trail> {
        match &self.format {
            Format::Classic { header, times, .. } => Some(Trail::new(header, *times)),
            _ => None,
        }
    }

    /// Whether something sound begins here.
    #[inline]
    fn judge(&self, bytes: &[u8], at_end: bool) -> Sound {
        match &self.format {
            Format::Classic { header, times, .. } => Trail::new(header, *times).judge(bytes, at_end),
            Format::Blocks(section) => blocks::judge(bytes, section.big_endian, at_end),
            Format::Unknown | Format::Ended => Sound::No,
        }
    }

    /// Whether blocks follow each other from here on up to the end of the file.
    fn ends(&self, bytes: &[u8]) -> bool {
        matches!(&self.format, Format::Blocks(section) if blocks::end(bytes, section.big_endian, classic::MOST))
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
        match self.format {
            Format::Classic { .. } | Format::Blocks(_) => look(bytes, hurries, |bytes| self.judge(bytes, at_end)),
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
            (Some(claimed), _) => WarningKind::Cut { held, claimed, capture: None },
            (None, Damage::Record { claimed }) => WarningKind::BadRecord { claimed },
            (None, Damage::Block { kind, why }) => WarningKind::BadEnd { kind, held, why },
        }
    }
}
