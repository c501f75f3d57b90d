//! Whom a finding speaks against: the one who sent the message, or nobody that a capture could name.

use crate::coap::{RaisedBy, Rule, Severity};

/// Whether the sender of the message that has the finding did it. Of what only the relation of messages shows, that is so for the rules in
/// `SENDER` alone: everything else may be the network's doing, the other side's, or the capture's. So may a copy that came at once behind
/// another, which is why it has less than the severity of its rule.
pub fn is_of_sender(rule: Rule, severity: Severity) -> bool {
    if rule == Rule::MidRetransmissionEarly && severity < rule.severity() {
        return false;
    }
    // That an ACK has the token of an open request, but another Message ID, is sure: then it has more than the severity of its rule.
    if rule == Rule::AckOrphan && severity > rule.severity() {
        return true;
    }
    match rule.row().raised_by {
        RaisedBy::Message | RaisedBy::Payload => !REPORTED.contains(&rule),
        RaisedBy::Frame | RaisedBy::Tracking | RaisedBy::Transport | RaisedBy::Keys => SENDER.contains(&rule),
    }
}

/// What a message tells of others.
const REPORTED: &[Rule] = &[Rule::HopExhausted, Rule::QblockLost, Rule::CaptureTruncated];

/// What nobody but the sender can have done.
const SENDER: &[Rule] = &[
    // Addresses and lower layers.
    Rule::UdpLength,
    Rule::SizeFragmented,
    Rule::OptDefaultValue,
    Rule::OptEtagMulticast,
    Rule::BlockMulticast,
    Rule::McastCon,
    Rule::McastSecurePort,
    Rule::SecPortMismatch,
    Rule::SecTokenWeak,
    Rule::SecNosecWrite,
    Rule::DraftPort,
    Rule::AppCoiot,
    Rule::AppThread,
    // Messages: repeating, acknowledging, rejecting.
    Rule::MidRetransmissionEarly,
    Rule::MidRetransmissionLate,
    Rule::MidNoBackoff,
    Rule::MidTooMany,
    Rule::MidGaveUp,
    Rule::MidReuse,
    Rule::AckChanged,
    Rule::AckToNon,
    Rule::AckAndRst,
    Rule::RstToAck,
    Rule::RstRejects,
    Rule::EmptyPingAcked,
    Rule::FlowNstart,
    Rule::FlowProbingRate,
    // Requests and responses.
    Rule::CfNotAccepted,
    Rule::OptCriticalAccepted,
    Rule::RespTokenMismatch,
    Rule::RespMultiple,
    Rule::RespTypeUnusual,
    Rule::RespPiggybackOnCon,
    Rule::RespCodeVsMethod,
    Rule::RespValidUnasked,
    Rule::RespRetryTooSoon,
    Rule::ReqTokenInUse,
    Rule::EchoIgnored,
    Rule::EchoWrongEndpoint,
    Rule::NoresponseViolated,
    Rule::AmpRatio,
    Rule::OscoreReplay,
    // Observations.
    Rule::ObsRefused,
    Rule::ObsSameNumber,
    Rule::ObsJump,
    Rule::ObsMissingOption,
    Rule::ObsDeregAnswer,
    Rule::ObsFormatChanged,
    Rule::ObsNoCon24h,
    Rule::ObsDoubleRegistration,
    Rule::ObsReregChanged,
    Rule::ObsReregEarly,
    Rule::ObsTooFast,
    Rule::ObsInAck,
    // Blocks.
    Rule::BlockSizeReduced,
    Rule::BlockSizeIncreased,
    Rule::BlockNumMismatch,
    Rule::BlockFormatChanged,
    Rule::BlockContinueOnLast,
    Rule::BlockFinalEarly,
    Rule::BlockRejected,
    Rule::BlockSizeHint,
    Rule::BlockInterleaved,
    Rule::BlockObserveLater,
    // Groups.
    Rule::McastAck,
    Rule::McastRst,
    Rule::McastErrorReply,
    Rule::McastTokenReuse,
];
