//! The blocks of a pcapng file, section by section.

use super::search::{Damage, REACH};
use super::{Current, Format, Local, MAX_SECRETS, Savefile, Section, Step, Unusable};
use crate::capture::blocks::{self, Block, FrameBlock};
use crate::capture::interface::{MAX_INTERFACES, RecordForm};
use crate::capture::window::Have;
use crate::capture::{CaptureError, Clock, Interface, WarningKind};
use crate::frame::{LinkType, Position, is_known_time};

impl Section {
    fn add(&mut self, interface: Local) {
        if self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push(interface);
        }
    }

    /// The interface that has this number in the section, and its numbers among all.
    #[inline]
    fn interface(&self, number: u32) -> Result<(&Local, (u16, u16)), Unusable> {
        match self.interfaces.get(number as usize) {
            Some(local) => local.number.map(|number| (local, number)),
            None if self.interfaces.len() == MAX_INTERFACES => Err(Unusable::Beyond),
            None => Err(Unusable::Unknown),
        }
    }
}

/// No block is so long, whatever it holds.
const LONGEST: usize = 1 << 28;

impl Savefile {
    /// Reads a block of pcapng.
    #[inline]
    pub(super) fn block(&mut self) -> Result<Step, CaptureError> {
        let Format::Blocks(Section { big_endian, .. }) = self.format else {
            return Ok(Step::End);
        };
        match self.ensure(12)? {
            Have::All => {}
            Have::Pending => return Ok(Step::Pending),
            Have::Short => return Ok(self.cut(12)),
        }
        if let Some(step) = self.joined()? {
            return Ok(step);
        }
        let Some((kind, length, big_endian)) = blocks::head(self.window.bytes(), big_endian) else {
            return Ok(Step::End);
        };
        if !blocks::is_sound(length) {
            self.lose(kind, big_endian);
            let own = self.closed(big_endian);
            return Ok(self.pass_own(Damage::Block { kind, why: "its length cannot be" }, own, None));
        }
        if length > blocks::MAX_BLOCK {
            return self.long_block(kind, length, big_endian);
        }
        match self.ensure(length)? {
            Have::All => {}
            have => return Ok(self.cut_block(kind, length, big_endian, have)),
        }
        let block = self.window.bytes().get(..length).unwrap_or_default();
        if blocks::trailer(block, length, big_endian) != Some(length) {
            return self.skip_unclosed(kind, length, big_endian);
        }
        if kind == blocks::SECTION {
            return Ok(self.section(length, big_endian));
        }
        let Format::Blocks(section) = &self.format else {
            return Ok(Step::End);
        };
        let snaplen = section.interfaces.first().map_or(0, |interface| interface.snaplen);
        match blocks::read(block, big_endian, snaplen) {
            Ok(Block::Frame(frame)) => Ok(self.frame(&frame, kind, length)),
            Ok(block) => {
                self.note(block);
                self.window.consume(length);
                Ok(Step::Again)
            }
            Err(why) => {
                self.lose(kind, big_endian);
                Ok(self.bad_block(kind, length, why))
            }
        }
    }

    /// Begins another section.
    fn section(&mut self, length: usize, big_endian: bool) -> Step {
        self.lose(blocks::SECTION, big_endian);
        let block = self.window.bytes().get(..length).unwrap_or_default();
        let why = match blocks::section(block) {
            Some((big_endian, (blocks::VERSION, _))) => {
                self.table.keep_origin(blocks::origin(block, big_endian));
                self.window.consume(length);
                return Step::Again;
            }
            Some(_) => "its version is not known",
            None => "its byte-order magic is none",
        };
        self.bad_block(blocks::SECTION, length, why)
    }

    /// Keeps the place of a block that is damaged: a section is one without interfaces, and interfaces behind one keep their numbers.
    fn lose(&mut self, kind: u32, big_endian: bool) {
        match (kind, &mut self.format) {
            (blocks::SECTION, _) => {
                self.sections += 1;
                self.format = Format::Blocks(Section { big_endian, interfaces: Vec::new() });
            }
            (blocks::INTERFACE, Format::Blocks(section)) => section.add(Local {
                number: Err(Unusable::Damaged),
                link: LinkType::default(),
                clock: Clock::MICROSECONDS,
                snaplen: 0,
            }),
            _ => {}
        }
    }

    /// Takes the frame of a block.
    #[inline]
    fn frame(&mut self, frame: &FrameBlock, kind: u32, length: usize) -> Step {
        let Format::Blocks(section) = &self.format else {
            return Step::End;
        };
        let local = section.interface(frame.interface);
        let Ok((&Local { link, clock, .. }, (interface, network))) = local else {
            let why = local.err().unwrap_or(Unusable::Unknown);
            return self.refuse(why, kind, length);
        };
        let time = clock.time(frame.ticks);
        if frame.ticks.is_some() && !is_known_time(time) && !std::mem::replace(&mut self.out_of_range, true) {
            self.warn(self.window.offset(), WarningKind::TimeOutOfRange { frame: self.number + 1 });
        }
        self.current = Current {
            time,
            link,
            original_length: frame.original,
            start: frame.bytes.start,
            end: frame.bytes.end,
            position: Position { file: self.file, interface, network, offset: self.window.offset() },
        };
        self.used = length;
        Step::Frame
    }

    /// Leaves out the frame of an interface that cannot be told.
    #[cold]
    fn refuse(&mut self, why: Unusable, kind: u32, length: usize) -> Step {
        let offset = self.window.offset();
        match why {
            Unusable::Unknown => return self.bad_block(kind, length, "it names an interface that was not described"),
            Unusable::Damaged => self.warn(offset, WarningKind::InterfaceDamaged),
            Unusable::Beyond if std::mem::replace(&mut self.interfaces_left_out, true) => {}
            Unusable::Beyond => self.warn(offset, WarningKind::InterfacesLeftOut { most: MAX_INTERFACES }),
        }
        self.window.consume(length);
        Step::Again
    }

    /// Takes what a block says that is no frame.
    fn note(&mut self, block: Block) {
        match block {
            Block::Interface(it) => {
                let Format::Blocks(Section { big_endian, interfaces }) = &self.format else {
                    return;
                };
                let (big_endian, index) = (*big_endian, interfaces.len().min(usize::from(u16::MAX)) as u16);
                let number = self.add_interface(Interface {
                    file: self.file,
                    name: it.name,
                    description: it.description,
                    link: it.link,
                    snaplen: it.snaplen,
                    clock: it.clock,
                    record: RecordForm::Block { big_endian },
                    place: (self.sections, index),
                    among: None,
                });
                let number = number.ok_or(Unusable::Beyond);
                if let Format::Blocks(section) = &mut self.format {
                    section.add(Local { number, link: it.link, clock: it.clock, snaplen: it.snaplen });
                }
            }
            Block::Secrets(secrets) => {
                let held: usize = self.secrets.iter().map(|secrets| secrets.data.len()).sum();
                if held + secrets.data.len() <= MAX_SECRETS {
                    self.table.keep(secrets.clone());
                    self.secrets.push(secrets);
                } else {
                    self.leave_out(secrets.data.len());
                }
            }
            Block::Frame(_) | Block::Other => {}
        }
    }

    /// Passes over a block that is too long for memory, where it is one by its end.
    #[cold]
    fn long_block(&mut self, kind: u32, length: usize, big_endian: bool) -> Result<Step, CaptureError> {
        const WHY: &str = "it is longer than any that is written";
        let damage = Damage::Block { kind, why: WHY };
        let mut end = [0; 4];
        let result = self.window.peek(length as u64 - 4, &mut end);
        let have = self.outcome(result)?;
        if have == Have::Pending {
            self.ensure(REACH)?;
            if !self.is_overtaken(1) {
                return Ok(Step::Pending);
            }
        }
        self.lose(kind, big_endian);
        if have != Have::All || blocks::trailer(&end, 4, big_endian) != Some(length) {
            // What claims to be longer than any file of keys is damaged rather than cut.
            let cut = (have == Have::Short && length < LONGEST).then_some(length as u64);
            let own = self.closed(big_endian);
            return Ok(self.pass_own(damage, own, cut));
        }
        match kind {
            blocks::SECRETS => self.leave_out(length),
            _ if blocks::is_skippable(kind) => {}
            _ => return Ok(self.bad_block(kind, length, WHY)),
        }
        self.window.skip(length as u64);
        Ok(Step::Again)
    }

    /// Says once that keys are left out.
    fn leave_out(&mut self, length: usize) {
        if !std::mem::replace(&mut self.secrets_left_out, true) {
            self.warn(self.window.offset(), WarningKind::SecretsLeftOut { length, most: MAX_SECRETS });
        }
    }

    /// Leaves out a block whose length is sound.
    fn bad_block(&mut self, kind: u32, length: usize, why: &'static str) -> Step {
        self.warn(self.window.offset(), WarningKind::BadBlock { kind, skipped: length as u64, why });
        self.window.skip(length as u64);
        Step::Again
    }

    /// Leaves out a block that does not end as it should: by its length where a block follows there.
    fn skip_unclosed(&mut self, kind: u32, length: usize, big_endian: bool) -> Result<Step, CaptureError> {
        const WHY: &str = "its two lengths differ";
        if self.ensure(length + 12)? == Have::Pending {
            return Ok(Step::Pending);
        }
        let at_end = self.window.look_ahead(length + REACH);
        let follows = self.window.bytes().get(length..).unwrap_or_default();
        let is_whole = follows.is_empty() || blocks::may_begin(follows, big_endian, at_end);
        let cut = is_whole.then(|| self.swallowed_blocks(length, big_endian));
        self.lose(kind, big_endian);
        Ok(match cut {
            Some(None) => self.bad_block(kind, length, WHY),
            Some(Some(held)) => self.pass(Damage::Block { kind, why: WHY }, held, None),
            None => {
                let own = blocks::claimed(self.window.bytes(), big_endian);
                self.pass_own(Damage::Block { kind, why: WHY }, Some(own), None)
            }
        })
    }

    /// Length of the block here as its end tells it, see [`blocks::closed`].
    #[cold]
    fn closed(&mut self, big_endian: bool) -> Option<usize> {
        self.window.look_ahead(REACH);
        blocks::closed(self.window.bytes(), big_endian)
    }

    /// A block that is not whole: more of it is waited for, or the file ends in it; but if a sound block stands in what is there, its
    /// length is wrong.
    fn cut_block(&mut self, kind: u32, length: usize, big_endian: bool, have: Have) -> Step {
        let damage = Damage::Block { kind, why: "its length cannot be" };
        // A frame may hold a piece of another capture.
        let own = blocks::claimed(self.window.bytes(), big_endian);
        if have == Have::Pending && !self.is_overtaken(own) {
            return Step::Pending;
        }
        self.lose(kind, big_endian);
        match have {
            Have::Short => self.pass_or_cut(damage, None, Some(own), length),
            _ => self.pass(damage, own, None),
        }
    }
}
