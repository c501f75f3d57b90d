//! Rules whose sources speak of different cases, each with its own words.

use super::finding::{
    BY_CLIENT, EXPERIMENTAL_OPTION, ICMPV6, LATER_BLOCK, NEXT_BLOCK, NO_CHECKSUM, NO_RECORD, NUMBERED_PATH, OF_GROUP,
    ONCE, ONE_WAY, Orphan, PARTIAL_IV, PERHAPS_BROADCAST, PERHAPS_DOUBLED, REGISTRATION, THREAD_PATH, THREAD_TLVS,
};
use super::rules::Rule;
use super::{Code, OptionNumber};

/// Options that carry or ask for blocks.
const BLOCKS: [OptionNumber; 4] =
    [OptionNumber::BLOCK1, OptionNumber::BLOCK2, OptionNumber::Q_BLOCK1, OptionNumber::Q_BLOCK2];

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
const FROM_ELSEWHERE: &str = "It does not come from where the message with its Message ID went to, so that it is no answer to that: a host with several addresses, address translation, anycast, or a forgery; else it answers what is not in the capture.";

/// A case of a rule: the rule, whether the finding's numbers make it this case, where it is written, and the sentence for a learner where that
/// of the rule does not hold.
pub(super) type Case = (Rule, fn(OptionNumber, i64) -> bool, &'static str, &'static str);

/// Rules whose sources speak of different cases. The first number is an option's or a code's, as the rule has it.
pub(super) const CASES: &[Case] = &[
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
        Rule::OptCriticalAccepted,
        |_, option| OptionNumber(option as u16).is_reserved_location(),
        "RFC 7252 section 5.10.7",
        "Beside Location-Path or Location-Query a server that does not support this reserved option has to answer 4.02 rather than go on.",
    ),
    (
        Rule::OptCriticalAccepted,
        |_, option| BLOCKS.into_iter().any(|block| option == i64::from(block.0)),
        "RFC 7959 section 2.2; RFC 7252 section 5.4.3",
        "The block that the option asks for or brings cannot be known, and the server had to refuse it rather than go on: a size exponent of 7 with 4.00, a value that is too long with 4.02.",
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
        Rule::AckChanged,
        |_, copies| copies == ONCE,
        "RFC 7252 sections 4.2, 4.5, 5.2.2",
        "The message was captured once. It gets one acknowledgement, and each copy of it the same, never a response behind an empty one; only to a request that may be carried out twice, as GET, PUT and DELETE, another response is allowed, and then this is a note.",
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
    (
        Rule::ObsGap,
        |_, last| last != NO_RECORD as i64,
        "RFC 7641 sections 3.4, 4.4",
        "It overtook those before it on their way: all that it skips came behind it, so that nothing is lost.",
    ),
    (Rule::AckOrphan, |_, kind| kind == OF_GROUP, NO_SENDER, TO_MANY),
    (Rule::ObsStale, |_, before| before >= PARTIAL_IV, "RFC 8613 section 7.4.1", ""),
    (Rule::ObsSameNumber, |_, before| before >= PARTIAL_IV, "RFC 8613 section 7.4.1", ""),
    (Rule::RstOrphan, |_, kind| kind == OF_GROUP, NO_SENDER, TO_MANY),
    (Rule::AckOrphan, |_, about| Orphan::ToGroup.is(about), NO_SENDER, TO_MANY),
    (Rule::RstOrphan, |_, about| Orphan::ToGroup.is(about), NO_SENDER, TO_MANY),
    (
        Rule::AckOrphan,
        |_, about| Orphan::TokenOpen.is(about),
        "RFC 7252 section 5.3.2",
        "A piggybacked response belongs to a request only if token and Message ID are both the request's: the client cannot take this one for an answer to its own.",
    ),
    (Rule::AckOrphan, |_, about| Orphan::WentElsewhere.is(about), "RFC 7252 section 4.4", FROM_ELSEWHERE),
    (Rule::RstOrphan, |_, about| Orphan::WentElsewhere.is(about), "RFC 7252 section 4.4", FROM_ELSEWHERE),
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
        Rule::BlockSizeIncreased,
        |_, agreed| agreed >= BY_CLIENT,
        "RFC 7959 sections 2.4, 2.5",
        "Once a server used or asked for a size, the client goes on in that or, in an upload, in a smaller one, never in a larger.",
    ),
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
