//! Findings: every complaint coapscope can make, one row each, and the shape of one that was made.

use std::fmt::Write;

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
    /// `{0:option}` an option number;
    /// `{0:code}` the byte of a code; `{1:flaw}` a [`Flaw`]; `{0:format}` a Content-Format; `{0:bytes}` and other nouns a count; plain `{0}` a decimal number.
    /// What stands in `[` `]` is said only where the record in it is known. Empty where nothing is to be said.
    pub detail: &'static str,
}

impl RuleRow {
    /// Which numbers of a finding are records.
    pub fn records(&self) -> [bool; 2] {
        ["{0:frame}", "{1:frame}"].map(|hole| self.detail.contains(hole))
    }
}

/// The number of a finding that stands for a time which nobody knows, since the clock of the capture went back in between.
pub const UNKNOWN_TIME: i64 = i64::MIN;

/// What is added to the code in the first number of `payload.not-allowed` for a request that asks for a later block of a response.
pub(super) const LATER_BLOCK: i64 = 1 << 8;

/// The second number of `resp.wrong-endpoint`, `ack.orphan` and `rst.orphan` where the message comes from a group, or goes to one that is to have
/// sent what it answers.
pub(crate) const OF_GROUP: i64 = 1;

/// The second number of `resp.wrong-endpoint` where the request may have gone to all hosts of a network.
pub(crate) const PERHAPS_BROADCAST: i64 = 2;

/// The second number of `resp.unmatched` where a body goes on with the block of the response.
pub(crate) const NEXT_BLOCK: i64 = 1;

/// What is added to the first number of `hdr.token-truncated` where not the token but its length is cut short: by so many bytes.
pub(super) const LENGTH_CUT: u32 = 1 << 31;

/// The second number of `udp.checksum` where IPv6 asks for a checksum and there is none.
pub(crate) const NO_CHECKSUM: i64 = -1;

/// The second number of `mid.gave-up` where nothing that goes to the sender was captured.
pub(crate) const ONE_WAY: i64 = 1;

/// The first number of `mid.retransmission-early` where the network may have doubled the copy before.
pub(crate) const PERHAPS_DOUBLED: i64 = 1;

/// What is added to the second number of `cf.parse-failed` where no Content-Format, but the port of Thread's management tells what the payload is.
pub(crate) const THREAD_TLVS: i64 = 1 << 8;

/// The number of a finding where there is no Content-Format.
pub(crate) const NO_FORMAT: i64 = -1;

/// The number of a finding where there is no such record.
pub const NO_RECORD: u32 = u32::MAX;

/// A finding that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// The severity here: the rule's own, or less where the capture cannot know.
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
const ICMPV6: i64 = 256;

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
}

impl Copies {
    /// As the first number of [`Rule::MidRetransmission`].
    pub const fn number(self) -> i64 {
        (self.unsure as i64) << 48 | (self.before as i64) << 32 | (self.captured as i64) << 16 | self.by_clock as i64
    }

    /// The same back.
    pub const fn of(number: i64) -> Self {
        let unsure = number >> 48 & 1 == 1;
        Self { captured: (number >> 16) as u16, by_clock: number as u16, before: (number >> 32) as u16, unsure }
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

/// The second number of `opt.experimental`, where it is about an option and not about a Content-Format.
pub(super) const EXPERIMENTAL_OPTION: i64 = 1;
/// The second number of `app.lwm2m`, where it is told by a registration that does not say `lwm2m=`.
pub(super) const REGISTRATION: i64 = 1;
/// The same, where it is told by a path of numbers.
pub(super) const NUMBERED_PATH: i64 = 2;
/// The second number of `app.thread`, where it is told by the path alone.
pub(crate) const THREAD_PATH: i64 = 1;
/// Bytes of the longest OSCORE option (RFC 8613 section 2).
const LONGEST_OSCORE: i64 = 255;

/// What ICMP errors other than that a destination is unreachable say.
const TOO_BIG: &str = "The datagram is longer than a link on its way takes, and the router there does not cut it in pieces: its sender has to send shorter ones, for example smaller blocks.";
const TOO_FAR: &str = "A router threw the datagram away, since it had passed as many routers as its hop limit allows: the limit is low, or the way leads round in a circle.";
const TOO_LATE: &str =
    "The datagram came in fragments, and not all of them came in time: its receiver threw away those that had come.";
const PROHIBITED: &str = "A filter on the way, or at the host itself, does not let the datagram through.";
const NOT_UNDERSTOOD: &str =
    "A router or the host itself threw the datagram away, since it could not make sense of a field in its headers.";
const NO_SENDER: &str = "RFC 1122 section 3.2.1.3; RFC 4291 section 2.7";
const TO_MANY: &str =
    "It goes to a group or to all hosts. Nobody sends from such an address, so nobody waits for it there.";

/// A case of a rule: the rule, whether the finding's numbers make it this case, where it is written, and the sentence for a learner where that
/// of the rule does not hold.
type Case = (Rule, fn(OptionNumber, i64) -> bool, &'static str, &'static str);

/// Rules whose sources speak of different cases. The first number is an option's or a code's, as the rule has it.
const CASES: &[Case] = &[
    (
        Rule::OptUintRange,
        |option, _| option == OptionNumber::HOP_LIMIT,
        "RFC 8768 section 3",
        "A Hop-Limit is 1 to 255: a request with 0 has to be answered with 4.00 Bad Request.",
    ),
    (Rule::OptUintRange, |option, _| option == OptionNumber::OBSERVE, "RFC 7641 section 2", ""),
    (
        Rule::OptUintRange,
        |option, _| option == OptionNumber::NO_RESPONSE,
        "RFC 7967 section 2",
        "Bits are set in it that mean nothing; each of the others spares the client one class of responses.",
    ),
    // What is left is the CSM's Extended-Token-Length.
    (Rule::OptUintRange, |_, _| true, "RFC 8974 section 2.2.1", ""),
    (
        Rule::OptProxyUriConflict,
        |one, other| one == OptionNumber::PROXY_URI && other != i64::from(OptionNumber::PROXY_CRI.0),
        "RFC 7252 section 5.10.2",
        "",
    ),
    (Rule::OptProxyUriConflict, |_, _| true, "draft-ietf-core-href", ""),
    (Rule::OptReserved, |option, _| (128..=140).contains(&option.0), "RFC 7252 section 5.10.7", ""),
    (Rule::OptReserved, |_, _| true, "RFC 7252 section 12.2", "The number is kept for a later purpose."),
    (
        Rule::OptBadLength,
        |option, _| option == OptionNumber::EDHOC,
        "RFC 9668 section 3.1",
        "The option is empty where it stands by itself: what is in it is ignored.",
    ),
    (
        Rule::OptBadLength,
        |option, _| option == OptionNumber::HOP_LIMIT,
        "RFC 8768 section 3",
        "A Hop-Limit is one byte, 1 to 255: a request in which it is 0 or above 255 has to be answered with 4.00 Bad Request.",
    ),
    (
        Rule::OptBadLength,
        |option, length| option == OptionNumber::OSCORE && length <= LONGEST_OSCORE,
        "RFC 8613 sections 2, 6.1",
        "The option is not as long as the fields that its flag byte announces, so its receiver cannot make sense of it.",
    ),
    (
        Rule::OptExperimental,
        |option, kind| option.is_critical() && kind == EXPERIMENTAL_OPTION,
        "RFC 7252 sections 5.4.1, 12.2",
        "Numbers from 65000 up are for experiments and have no place in products; this one is odd and thus critical: whoever does not know it answers a Confirmable request with 4.02 Bad Option, and rejects a response or a Non-confirmable message.",
    ),
    (Rule::OptExperimental, |_, kind| kind == EXPERIMENTAL_OPTION, "RFC 7252 section 12.2", ""),
    (Rule::OptExperimental, |_, _| true, "RFC 7252 section 12.3", ""),
    (
        Rule::CfParseFailed,
        |_, flaw| flaw >= THREAD_TLVS,
        "Thread",
        "Messages of Thread's management consist of types, lengths and values from end to end, and these bytes do not.",
    ),
    (Rule::HdrTokenTruncated, |length, _| length.0 == u16::MAX, "RFC 8974 section 2.1", ""),
    (
        Rule::CfDeprecated,
        |format, _| !(1541..=1544).contains(&format.0),
        "RFC 7252 section 12.3",
        "An old draft or a program had this number for a format, before there was a registry or beside it; others do not know it.",
    ),
    (
        Rule::MidRetransmissionEarly,
        |doubled, _| i64::from(doubled.0) == PERHAPS_DOUBLED,
        "RFC 7252 sections 4.2, 4.5",
        "So soon it may as well be the network that doubled the one before: a sender waits for ACK_TIMEOUT at least, unless it has measured the round-trip time.",
    ),
    (
        Rule::MidGaveUp,
        |_, ways| ways == ONE_WAY,
        "RFC 7252 section 4.2",
        "Nothing that goes to its sender is in the capture: this stopped before MAX_RETRANSMIT, which it is free to do, or had an answer that was not captured.",
    ),
    (
        Rule::UdpChecksum,
        |_, given| given == NO_CHECKSUM,
        "RFC 8200 section 8.1",
        "IPv6 forbids a UDP datagram without a checksum, and receivers drop it; only tunnels may do without (RFC 6935, RFC 6936).",
    ),
    (
        Rule::PayloadNotAllowed,
        |code, _| i64::from(code.0) >= LATER_BLOCK,
        "RFC 7959 section 2.7",
        "A request for a later block of a response has no payload of its own, and receivers have to ignore it.",
    ),
    (Rule::PayloadNotAllowed, |code, _| code.0 == Code::VALID.0 as u16, "RFC 7252 section 5.9.1.3", ""),
    (Rule::PayloadNotAllowed, |code, _| code.0 == Code::CONTINUE.0 as u16, "RFC 7959 section 2.9.1", ""),
    (Rule::PayloadNotAllowed, |_, _| true, "RFC 7252 section 5.5", ""),
    (Rule::AckOrphan, |_, kind| kind == OF_GROUP, NO_SENDER, TO_MANY),
    (Rule::RstOrphan, |_, kind| kind == OF_GROUP, NO_SENDER, TO_MANY),
    (
        Rule::RespWrongEndpoint,
        |_, kind| kind == OF_GROUP,
        NO_SENDER,
        "The response says to come from a group or from all hosts. Nobody sends from such an address, and receivers drop what comes from one.",
    ),
    (
        Rule::RespWrongEndpoint,
        |_, kind| kind == PERHAPS_BROADCAST,
        "RFC 7252 sections 5.3.2, 8.2",
        "The response does not come from where the request went to. That may be the broadcast address of a network, where each host answers for itself; else it is address translation, anycast, or a forgery.",
    ),
    (
        Rule::RespUnmatched,
        |_, about| about == NEXT_BLOCK,
        "RFC 7252 section 5.3.2",
        "The request with this token was answered before. The body goes on with this block, so the request for it is probably not in the capture.",
    ),
    (Rule::RespCodeVsMethod, |code, _| code.0 == Code::CONTINUE.0 as u16, "RFC 7959 section 2.9.1", ""),
    (Rule::RespCodeVsMethod, |_, _| true, "RFC 7252 section 5.9", ""),
    (
        Rule::BlockMulticast,
        |_, option| option == i64::from(OptionNumber::Q_BLOCK2.0),
        "RFC 9177 section 4.8",
        "Servers have to ignore a multicast request with Q-Block2; with Block2 it may ask for the first block, and the rest is fetched from each server by unicast.",
    ),
    (Rule::BlockMulticast, |_, _| true, "RFC 7959 section 2.8", ""),
    (
        Rule::AppLwm2m,
        |_, sign| sign == REGISTRATION,
        "OMA LwM2M; RFC 9176 section 5",
        "A device registers like this with an LwM2M server, which then asks it for its objects; without `lwm2m=` it may as well be any other resource directory.",
    ),
    (
        Rule::AppLwm2m,
        |_, sign| sign == NUMBERED_PATH,
        "OMA LwM2M",
        "LwM2M devices number their objects, instances and resources like this; a path of numbers may also be another server's own.",
    ),
    (
        Rule::AppThread,
        |_, sign| sign == THREAD_PATH,
        "Thread",
        "Paths like this are those of a Thread mesh that manages itself (TMF); on another port than 61631 they may also be another server's own.",
    ),
    (Rule::IcmpUnreachable, |kind, code| (kind.0, code) == (3, 4), "RFC 1191 section 4", TOO_BIG),
    (Rule::IcmpUnreachable, |kind, code| kind.0 == 3 && matches!(code, 9 | 10), "RFC 1122 section 3.2.2.1", PROHIBITED),
    (Rule::IcmpUnreachable, |kind, code| (kind.0, code) == (3, 13), "RFC 1812 section 5.2.7.1", PROHIBITED),
    (Rule::IcmpUnreachable, |kind, code| (kind.0, code) == (11, 0), "RFC 1122 section 3.2.2.4", TOO_FAR),
    (Rule::IcmpUnreachable, |kind, _| kind.0 == 11, "RFC 1122 section 3.2.2.4", TOO_LATE),
    (Rule::IcmpUnreachable, |kind, _| kind.0 == 12, "RFC 1122 section 3.2.2.5", NOT_UNDERSTOOD),
    (
        Rule::IcmpUnreachable,
        |kind, code| i64::from(kind.0) == ICMPV6 + 1 && matches!(code, 1 | 5 | 6),
        "RFC 4443 section 3.1",
        PROHIBITED,
    ),
    (Rule::IcmpUnreachable, |kind, _| i64::from(kind.0) == ICMPV6 + 1, "RFC 4443 section 3.1", ""),
    (Rule::IcmpUnreachable, |kind, _| i64::from(kind.0) == ICMPV6 + 2, "RFC 4443 section 3.2", TOO_BIG),
    (Rule::IcmpUnreachable, |kind, code| i64::from(kind.0) == ICMPV6 + 3 && code == 0, "RFC 4443 section 3.3", TOO_FAR),
    (Rule::IcmpUnreachable, |kind, _| i64::from(kind.0) == ICMPV6 + 3, "RFC 4443 section 3.3", TOO_LATE),
    (Rule::IcmpUnreachable, |kind, _| i64::from(kind.0) == ICMPV6 + 4, "RFC 4443 section 3.4", NOT_UNDERSTOOD),
    (
        Rule::IcmpUnreachable,
        |kind, _| i64::from(kind.0) > ICMPV6,
        "RFC 4443 section 2.1",
        "A router or the host itself reports that the datagram did not arrive.",
    ),
    (Rule::IcmpUnreachable, |_, _| true, "RFC 1122 section 4.1.3.3", ""),
];

/// Writes one number as its kind says. Writing to a string cannot fail.
fn fill(text: &mut String, number: i64, kind: &str, frame: &dyn Fn(u32) -> String) {
    let small = u16::try_from(number).unwrap_or(u16::MAX);
    let count = |number: i64, noun: &str| super::count(usize::try_from(number).unwrap_or(0), noun);
    let _ = match kind {
        "frame" => write!(text, "{}", frame(u32::try_from(number).unwrap_or(u32::MAX))),
        "time" if number == UNKNOWN_TIME => write!(text, "an unknown time"),
        "time" => write!(text, "{}", duration(number)),
        "copy" => match Copies::of(number) {
            copies if copies.unseen() > 0 => write!(text, "Copy {} in this capture", copies.captured),
            copies => write!(text, "Copy {}", copies.captured),
        },
        "unseen" => match Copies::of(number) {
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
