//! Findings: every complaint coapscope can make, one row each, and the shape of one that was made.

use std::fmt::Write;

use super::cases::{CASES, Case};
use super::flaw::Flaw;
use super::option::{OptionDefinition, signaling};
pub use super::rules::{RULES, Rule};
use super::{Code, ContentFormat, OptionNumber, Span};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing, nothing odd. Never stored.
    Chat,
    /// Odd, allowed.
    Note,
    /// Probably a fault.
    Warn,
    /// A violation of the protocol.
    Error,
}

/// Which floor can know a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaisedBy {
    /// The bytes of the message alone.
    Message,
    /// The message together with its addresses and the frame.
    Frame,
    /// The decoded payload.
    Payload,
    /// The relation to earlier messages.
    Tracking,
    /// A stream or record layer below CoAP.
    Transport,
    /// Decryption.
    Keys,
}

/// What is known of a rule: the row that text, JSON, help and the screen print from.
#[derive(Debug)]
pub struct RuleRow {
    /// Stable identifier, such as `hdr.truncated`.
    pub id: &'static str,
    /// Heading it is listed under.
    pub category: &'static str,
    /// Its usual severity.
    pub severity: Severity,
    /// Which floor raises it.
    pub raised_by: RaisedBy,
    /// Source, such as `RFC 7252 section 3`; `-` where there is none.
    pub reference: &'static str,
    /// One sentence for a learner.
    pub teaching: &'static str,
    /// What is said of the case at hand. `{0}` and `{1}` stand for the finding's numbers, with a kind behind a colon:
    /// `{0:frame}` a record, printed as its frame number; `{1:time}` nanoseconds; `{0:hex}` and `{0:hex4}` in so many digits, 2 without;
    /// `{0:option}` an option number; `{0:number}` and `{0:expected}` what a `Skip` tells; `{1:orphan}` an `Orphan`;
    /// `{0:observe}` what orders a notification, with the word for it, `{1:order}` without; `{0:code}` the byte of a code; `{1:flaw}` a [`Flaw`];
    /// `{0:format}` a Content-Format; `{1:size}` the size of a block; `{0:bytes}` and other nouns a count; plain `{0}` a decimal number.
    /// What stands in `[` `]` is said only where the record in it is known. Empty where nothing is to be said.
    pub detail: &'static str,
}

impl RuleRow {
    /// Which numbers of a finding are records.
    pub fn records(&self) -> [bool; 2] {
        let named = ["{0:frame}", "{1:frame}"].map(|hole| self.detail.contains(hole));
        [named[0], named[1] || self.detail.contains("{1:orphan}")]
    }

    /// The record in a number of a finding that has one.
    pub fn record_in(number: i64) -> u32 {
        number as u32
    }

    /// The same number with what else than a record stands for that.
    pub fn with_record(number: i64, other: u32) -> i64 {
        number & !i64::from(u32::MAX) | i64::from(other)
    }
}

/// The number of a finding that stands for a time which nobody knows, since the clock of the capture went back in between.
pub const UNKNOWN_TIME: i64 = i64::MIN;

/// What is added to the code in the first number of `payload.not-allowed` for a request that asks for a later block of a response.
pub(super) const LATER_BLOCK: i64 = 1 << 8;

/// The second number of `resp.wrong-endpoint` where the message comes from a group.
pub(crate) const OF_GROUP: i64 = 1;

/// What is known of an ACK or Reset that answers nothing: with a record, the second number of `ack.orphan` and `rst.orphan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orphan {
    /// No more than that.
    Alone,
    /// It goes to a group, which is to have sent what it answers.
    ToGroup,
    /// The request of the record is open with its token, but has another Message ID.
    TokenOpen,
    /// The message of the record has its Message ID, but went to another endpoint.
    WentElsewhere,
}

impl Orphan {
    /// As the number of a finding: the record has the lower 32 bits.
    pub(crate) const fn number(self, record: u32) -> i64 {
        (self as i64) << u32::BITS | record as i64
    }

    /// Whether the number of a finding says this.
    pub(super) const fn is(self, number: i64) -> bool {
        number >> u32::BITS == self as i64
    }
}

/// The second number of `resp.wrong-endpoint` where the request may have gone to all hosts of a network.
pub(crate) const PERHAPS_BROADCAST: i64 = 2;

/// The second number of `resp.unmatched` where a body goes on with the block of the response.
pub(crate) const NEXT_BLOCK: i64 = 1;

/// What is added to the second number of `block.size-increased` where it is a client that goes on in larger blocks.
pub(crate) const BY_CLIENT: i64 = 1 << 16;

/// What is added to the first number of `hdr.token-truncated` where not the token but its length is cut short: by so many bytes.
pub(super) const LENGTH_CUT: u32 = 1 << 31;

/// The second number of `udp.checksum` where IPv6 asks for a checksum and there is none.
pub(crate) const NO_CHECKSUM: i64 = -1;

/// The second number of `mid.gave-up` where nothing that goes to the sender was captured.
pub(crate) const ONE_WAY: i64 = 1;

/// The second number of `ack.changed` and `ack.and-rst` where the message that is answered was captured once.
pub(crate) const ONCE: i64 = 1;

/// The first number of `mid.retransmission-early` where the network may have doubled the copy before.
pub(crate) const PERHAPS_DOUBLED: i64 = 1;

/// What is added to the second number of `cf.parse-failed` where no Content-Format, but the port of Thread's management tells what the payload is.
pub(crate) const THREAD_TLVS: i64 = 1 << 8;

/// What is added to the number of a notification where that is its Partial IV, which has 40 bits (RFC 8613 section 7.4.1).
pub(crate) const PARTIAL_IV: i64 = 1 << 40;

/// The number of a finding where there is no Content-Format.
pub(crate) const NO_FORMAT: i64 = -1;

/// The number of a finding where there is no such record.
pub const NO_RECORD: u32 = u32::MAX;

/// A finding that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// The severity here: the rule's own, or less where the capture cannot know; more where it shows what is rarely sure.
    pub severity: Severity,
    /// The bits of the CoAP message that it speaks of.
    pub span: Span,
    /// Numbers of the case, see [`RuleRow::detail`].
    pub numbers: [i64; 2],
}

impl Finding {
    /// A finding with the severity of its rule.
    pub fn new(rule: Rule, span: Span) -> Self {
        Self { rule, severity: rule.severity(), span, numbers: [0, 0] }
    }

    /// The same with the numbers of the case.
    pub fn with(self, first: impl Into<i64>, second: impl Into<i64>) -> Self {
        Self { numbers: [first.into(), second.into()], ..self }
    }

    /// The same with another severity.
    pub fn at(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// What is said of the case, then the sentence for a learner; records are printed by their ids.
    pub fn text(&self) -> String {
        self.text_with(&|record| record.to_string())
    }

    /// The same; `frame` gives the frame number of a record.
    pub fn text_with(&self, frame: &dyn Fn(u32) -> String) -> String {
        let mut text = self.detail_with(frame);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(self.teaching());
        text
    }

    /// Where the rule is written that this case breaks: of several sources of a rule, the one that speaks of this option or method.
    pub fn reference(&self) -> &'static str {
        self.case().map_or(self.rule.row().reference, |case| case.2)
    }

    /// One sentence for a learner, which holds for this case where that of the rule does not.
    pub fn teaching(&self) -> &'static str {
        self.case().map(|case| case.3).filter(|teaching| !teaching.is_empty()).unwrap_or(self.rule.row().teaching)
    }

    fn case(&self) -> Option<&'static Case> {
        let [first, second] = self.numbers;
        let option = OptionNumber(u16::try_from(first).unwrap_or(u16::MAX));
        CASES.iter().find(|case| case.0 == self.rule && (case.1)(option, second))
    }

    /// What is said of the case alone; may be empty.
    pub fn detail_with(&self, frame: &dyn Fn(u32) -> String) -> String {
        let mut text = String::new();
        let detail = self.rule.row().detail;
        let Some((before, behind)) = detail.split_once('[') else {
            self.fill_in(&mut text, detail, frame);
            return text;
        };
        let (perhaps, after) = behind.split_once(']').unwrap_or((behind, ""));
        let [first, second] = self.numbers;
        let record = if perhaps.contains("{1:") { second } else { first };
        self.fill_in(&mut text, before, frame);
        if record != i64::from(NO_RECORD) {
            self.fill_in(&mut text, perhaps, frame);
        }
        self.fill_in(&mut text, after, frame);
        text
    }

    /// Writes a text with the numbers in its holes.
    fn fill_in(&self, text: &mut String, mut rest: &str, frame: &dyn Fn(u32) -> String) {
        while let Some((before, behind)) = rest.split_once('{') {
            let (hole, after) = behind.split_once('}').unwrap_or((behind, ""));
            text.push_str(before);
            let (index, kind) = hole.split_once(':').unwrap_or((hole, ""));
            let [first, second] = self.numbers;
            fill(text, if index == "0" { first } else { second }, kind, frame);
            rest = after;
        }
        text.push_str(rest);
    }
}

/// What the type of an ICMPv6 error is raised by in `icmp.unreachable`, to tell it from one of ICMP.
pub(super) const ICMPV6: i64 = 256;

/// The first number of `icmp.unreachable`: the error's type, and by what protocol (IP version 4 or 6).
pub(crate) fn icmp_type(version: u8, kind: u8) -> i64 {
    i64::from(kind) + if version == 6 { ICMPV6 } else { 0 }
}

/// The number of an option of a signaling message in a finding: the code stands above it.
pub(super) fn signaling_option(code: Code, number: OptionNumber) -> i64 {
    i64::from(code.0) << 16 | i64::from(number.0)
}

/// The option that [`signaling_option`] wrote, where it is registered.
fn signaling_definition(number: i64) -> Option<&'static OptionDefinition> {
    let code = Code(u8::try_from(number >> 16).ok().filter(|code| *code != 0)?);
    signaling::table(code).iter().find(|row| row.number.0 == number as u16)
}

/// Which copy of a Confirmable message one is, from 1: of those in the capture, and by the clock, which may tell of more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Among those in the capture.
    pub captured: u16,
    /// Where the schedule of RFC 7252 section 4.8 puts it.
    pub by_clock: u16,
    /// Where it puts the captured copy before it: there as well, if this one is [at once](Self::is_at_once) behind that.
    pub before: u16,
    /// By the clock it may be a later one; or the first copy may be missing, or the sender has other times.
    pub unsure: bool,
    /// Its sender waits longer than the schedule has it, as its other waits show.
    pub own: bool,
}

impl Copies {
    /// As the first number of [`Rule::MidRetransmission`].
    pub const fn number(self) -> i64 {
        let flags = self.unsure as i64 | (self.own as i64) << 1;
        flags << 48 | (self.before as i64) << 32 | (self.captured as i64) << 16 | self.by_clock as i64
    }

    /// The same back.
    pub const fn of(number: i64) -> Self {
        let (unsure, own) = (number >> 48 & 1 == 1, number >> 49 & 1 == 1);
        Self { captured: (number >> 16) as u16, by_clock: number as u16, before: (number >> 32) as u16, unsure, own }
    }

    /// It came so soon behind the one before that the network may have doubled that: no wait of the sender is between them.
    pub const fn is_at_once(self) -> bool {
        self.by_clock != 0 && self.by_clock == self.before
    }

    /// Copies before it that are not in the capture; at least so many, or perhaps none, if that is [`unsure`](Self::unsure).
    pub const fn unseen(self) -> u16 {
        self.by_clock.saturating_sub(self.captured)
    }
}

/// A number that a notification has, and the one that was to come before it: the first number of [`Rule::ObsGap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    /// The number, of 24 bits.
    pub number: u32,
    /// The first one that it skips, of as many.
    pub expected: u32,
}

impl Skip {
    /// Both in one number.
    pub const fn number(self) -> i64 {
        (self.expected as i64) << 24 | self.number as i64
    }

    /// The same back.
    pub const fn of(number: i64) -> Self {
        Self { number: number as u32 & 0xff_ffff, expected: (number >> 24) as u32 & 0xff_ffff }
    }

    /// It skips that one alone.
    pub const fn is_of_one(self) -> bool {
        self.number.wrapping_sub(self.expected) & 0xff_ffff == 1
    }
}

/// The second number of `opt.experimental`, where it is about an option and not about a Content-Format.
pub(super) const EXPERIMENTAL_OPTION: i64 = 1;
/// The second number of `app.lwm2m`, where it is told by a registration that does not say `lwm2m=`.
pub(super) const REGISTRATION: i64 = 1;
/// The same, where it is told by a path of numbers.
pub(super) const NUMBERED_PATH: i64 = 2;
/// The second number of `app.thread`, where it is told by the path alone.
pub(crate) const THREAD_PATH: i64 = 1;

/// Writes one number as its kind says. Writing to a string cannot fail.
fn fill(text: &mut String, number: i64, kind: &str, frame: &dyn Fn(u32) -> String) {
    let small = u16::try_from(number).unwrap_or(u16::MAX);
    let count = |number: i64, noun: &str| super::count(usize::try_from(number).unwrap_or(0), noun);
    let _ = match kind {
        "frame" => write!(text, "{}", frame(u32::try_from(number).unwrap_or(u32::MAX))),
        "number" => write!(text, "{}", Skip::of(number).number),
        "expected" => write!(text, "{}", Skip::of(number).expected),
        "time" if number == UNKNOWN_TIME => write!(text, "an unknown time"),
        "time" => write!(text, "{}", duration(number)),
        "copy" => match Copies::of(number) {
            copies if copies.unseen() > 0 => write!(text, "Copy {} in this capture", copies.captured),
            copies => write!(text, "Copy {}", copies.captured),
        },
        "orphan" if Orphan::TokenOpen.is(number) => {
            write!(text, "; the request with its token is frame {}", frame(RuleRow::record_in(number)))
        }
        "orphan" if Orphan::WentElsewhere.is(number) => {
            write!(text, "; frame {} has it, and went elsewhere", frame(RuleRow::record_in(number)))
        }
        "orphan" => Ok(()),
        "unseen" => match Copies::of(number) {
            copies if copies.own => {
                write!(text, "; its sender's waits show an ACK_TIMEOUT of its own, by which no copy is missing")
            }
            copies if copies.unseen() == 0 => Ok(()),
            copies if copies.unsure => write!(
                text,
                "; by the clock perhaps copy {} or a later one: some before it may not be in the capture",
                copies.by_clock
            ),
            copies => write!(
                text,
                "; by the clock it is copy {}: {} before it {} not in the capture",
                copies.by_clock,
                copies.unseen(),
                if copies.unseen() == 1 { "is" } else { "are" }
            ),
        },
        "token" => match number - i64::from(LENGTH_CUT) {
            length @ 0.. => {
                write!(text, "The length of the token should take {}", count(length, "byte"))
            }
            _ => write!(text, "The token should have {}", count(number, "byte")),
        },
        "behind" if number > 0 => {
            write!(text, "It goes on for {}", count(number, "byte"))
        }
        "behind" => write!(text, "It goes on"),
        "asking" if number >= LATER_BLOCK => {
            let code = Code(number as u8);
            write!(text, "{code} {} that asks for a later block,", code.description())
        }
        "size" => write!(text, "{}", number % BY_CLIENT),

        "observe" if number >= PARTIAL_IV => write!(text, "Partial IV {}", number - PARTIAL_IV),
        "observe" => write!(text, "number {number}"),
        "order" => write!(text, "{}", number % PARTIAL_IV),
        "hex" => write!(text, "0x{number:02x}"),
        "hex4" => write!(text, "0x{number:04x}"),
        "sum" if number == NO_CHECKSUM => write!(text, "which stands for none"),
        "sum" => write!(text, "the bytes give 0x{number:04x}"),
        "flaw" => write!(text, "{}", Flaw::of(number % THREAD_TLVS).map_or("", Flaw::says)),
        "option" => match signaling_definition(number) {
            Some(definition) => write!(text, "{}", definition.name),
            None => write!(text, "{}", OptionNumber(number as u16)),
        },
        "icmp" => write!(text, "{} type {}", if number >= ICMPV6 { "ICMPv6" } else { "ICMP" }, number % ICMPV6),
        "format" if number == NO_FORMAT => write!(text, "none"),
        "format" if ContentFormat(small).media_type().is_some() => {
            write!(text, "{} ({number})", ContentFormat(small))
        }
        "format" => write!(text, "Content-Format {number}"),
        "length" if number < 0 => write!(text, "more bytes than were captured"),
        "length" => write!(text, "{}", count(number, "byte")),
        "bytes" | "times" | "transmissions" | "blocks" | "options" => {
            let noun = kind.strip_suffix('s').unwrap_or(kind);
            write!(text, "{}", count(number, noun))
        }
        "code" | "asking" => {
            let code = Code(small as u8);
            write!(text, "{code} {}", code.description())
        }
        _ => write!(text, "{number}"),
    };
}

/// Nanoseconds in the unit that suits them.
fn duration(nanoseconds: i64) -> String {
    let seconds = nanoseconds as f64 / 1e9;
    match seconds.abs() {
        ..0.0000005 => "0 s".to_string(),
        ..0.001 => format!("{:.0} us", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.3} s"),
        ..7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
