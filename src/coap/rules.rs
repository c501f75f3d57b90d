//! RULES: one row for every complaint that coapscope can make.

use super::finding::{RaisedBy, RuleRow, Severity};

macro_rules! rules {
    ($($variant:ident $id:literal $category:literal $severity:ident $raised_by:ident $reference:literal $detail:literal $teaching:literal)*) => {
        /// A rule. [`Rule::row`] has what is known of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Rule {
            $(#[doc = $teaching] $variant,)*
        }

        /// Every rule, in the order of the catalogue.
        pub static RULES: &[Rule] = &[$(Rule::$variant,)*];

        impl Rule {
            /// What is known of the rule.
            #[inline]
            pub fn row(self) -> &'static RuleRow {
                match self {
                    $(Rule::$variant => &RuleRow {
                        id: $id,
                        category: $category,
                        severity: Severity::$severity,
                        raised_by: RaisedBy::$raised_by,
                        reference: $reference,
                        teaching: $teaching,
                        detail: $detail,
                    },)*
                }
            }
        }
    };
}

// variant, id, category, severity, raised by, source, what is said of the case, one sentence for a learner
rules! {
    // Header and code
    HdrTruncated "hdr.truncated" "Header and code" Error Message "RFC 7252 section 3" "It has only {0:bytes}." "A CoAP message opens with four fixed bytes: with fewer there is no whole header, and no receiver can tell what was meant."
    HdrVersion "hdr.version" "Header and code" Error Message "RFC 7252 section 3" "The version field says {0}." "Version 1 is the only one there is: receivers drop any other silently, so the sender waits for nothing."
    HdrTklReserved "hdr.tkl-reserved" "Header and code" Error Message "RFC 7252 section 3; RFC 8974 section 2.1" "The token length field says {0}." "A plain CoAP token has at most 8 bytes; the higher values of the field are reserved and make the message a format error."
    HdrTklExtended "hdr.tkl-extended" "Header and code" Note Message "RFC 8974 section 2.1" "The token has {0:bytes}, encoded as RFC 8974 does." "Extended tokens let a client that keeps no state of its own store it in the token and get it back with the response."
    HdrTokenTruncated "hdr.token-truncated" "Header and code" Error Message "RFC 7252 section 3" "{0:token}, but the datagram has room for {1}." "The datagram ends before the token length that its header announces."
    CodeReservedClass "code.reserved-class" "Header and code" Error Message "RFC 7252 sections 4.2, 12.1" "The code is {0:code}." "Code classes 1, 3 and 6 have no meaning yet; a Confirmable message that uses one is rejected with a Reset."
    CodeSignalingOnUdp "code.signaling-on-udp" "Header and code" Error Message "RFC 7252 section 4.2; RFC 8323 section 5.1" "The code is {0:code}." "CSM, Ping, Release and the other class 7 codes manage connections over TCP or WebSocket; over UDP the class is reserved."
    CodeUnknownMethod "code.unknown-method" "Header and code" Warn Message "RFC 7252 section 5.8" "The code is {0:code}." "No method is registered under this number; servers that do not know it answer 4.05 Method Not Allowed."
    CodeUnknownResponse "code.unknown-response" "Header and code" Warn Message "RFC 7252 section 5.2" "The code is {0:code}." "An unregistered 4.xx counts as 4.00 and an unregistered 5.xx as 5.00, while an unregistered 2.xx only tells that the request succeeded."
    EmptyNotEmpty "empty.not-empty" "Header and code" Error Message "RFC 7252 section 4.1" "{0:behind} behind the Message ID, and the token length field says {1}." "A message with code 0.00 consists of the four header bytes and of nothing else, not even a token."
    EmptyNon "empty.non" "Header and code" Error Message "RFC 7252 section 4.3" "" "Non-confirmable messages exist to carry a request or a response; one that carries neither is an error."
    EmptyPing "empty.ping" "Header and code" Chat Message "RFC 7252 section 4.2, Table 1" "" "An Empty Confirmable message asks only for a sign of life: the peer answers it with a Reset."
    RstNotEmpty "rst.not-empty" "Header and code" Error Message "RFC 7252 section 4.2" "It has code {0:code} and {1:length}." "A Reset never carries anything; receivers ignore one that does."
    AckRequest "ack.request" "Header and code" Error Message "RFC 7252 section 4.2, Table 1" "The code is {0:code}." "An Acknowledgement may bring a response or nothing at all; a request inside one is ignored without a word."
    CaptureTruncated "capture.truncated" "Header and code" Note Frame "-" "{0} of {1:bytes} were captured." "The missing bytes were left out by the capture (its snapshot length); the sender did send them."
    UdpLength "udp.length" "Header and code" Warn Frame "RFC 768" "UDP announces {0:bytes}, the IP packet holds {1}." "The length in the UDP header and the size of the IP packet around it contradict each other."
    UdpChecksum "udp.checksum" "Header and code" Note Frame "RFC 768" "The field says {0:hex4}, {1:sum}." "On the machine that sent it this is normal, since the network card fills in the sum; anywhere else the datagram was damaged."
    // Options and payload
    OptOverrun "opt.overrun" "Options and payload" Error Message "RFC 7252 section 3.1" "The value should have {0:bytes}, but the datagram has room for {1}." "The announced option length reaches past the end of the datagram, which makes the whole message a format error."
    OptDelta15 "opt.delta-15" "Options and payload" Error Message "RFC 7252 section 3.1" "The byte is {0:hex}." "An option delta of 15 is reserved: it occurs only in the payload marker 0xFF, and in draft -12 in the jumps 0xF1 to 0xF3."
    OptLength15 "opt.length-15" "Options and payload" Error Message "RFC 7252 section 3.1" "The byte is {0:hex}." "An option length of 15 has no meaning yet: the value is kept for later use."
    OptExtTruncated "opt.ext-truncated" "Options and payload" Error Message "RFC 7252 section 3.1" "It is at least {0:bytes} short." "The message is over before the extension bytes that the nibbles 13 and 14 announce, or before the options that an old draft's header counts."
    OptNumberOverflow "opt.number-overflow" "Options and payload" Error Message "RFC 7252 sections 3.1, 12.2" "The sum of the deltas is {0}." "No option has a number beyond 65535, so these deltas cannot be meant."
    OptUnknownCritical "opt.unknown-critical" "Options and payload" Warn Message "RFC 7252 section 5.4.1" "Option {0:option}." "Odd numbers mark critical options, and this one means nothing here by the registry: whoever does not know it answers a Confirmable request with 4.02 Bad Option, and rejects a response or a Non-confirmable message."
    OptUnknownElective "opt.unknown-elective" "Options and payload" Note Message "RFC 7252 section 5.4.1" "Option {0:option}." "Even numbers mark elective options: a receiver without knowledge of this one passes over it."
    OptUnknownUnsafe "opt.unknown-unsafe" "Options and payload" Note Message "RFC 7252 section 5.7.1" "Option {0:option}." "Bit 1 of the number marks it as unsafe to forward: a proxy that does not know it must refuse, with 4.02 to the client or 5.02 for a response."
    OptBadLength "opt.bad-length" "Options and payload" Warn Message "RFC 7252 section 5.4.3" "{0:option} has {1:bytes}." "The option does not allow a value of this length, so it is treated like an option that nobody knows."
    OptRepeated "opt.repeated" "Options and payload" Warn Message "RFC 7252 section 5.4.5" "{0:option} occurs again." "This option may occur once: the first counts, and each further one is treated like an unknown option."
    OptUintLeadingZero "opt.uint-leading-zero" "Options and payload" Note Message "RFC 7252 section 3.2" "{0:option} begins with a zero byte." "Senders should write a number in as few bytes as it needs, none at all for 0; receivers put up with more."
    OptUintRange "opt.uint-range" "Options and payload" Warn Message "RFC 8768 section 3; RFC 7641 section 2; RFC 8974 section 2.2.1" "{0:option} is {1}." "The value can be read as a number, but the option gives that number no meaning."
    OptNotUtf8 "opt.not-utf8" "Options and payload" Warn Message "RFC 7252 section 3.2" "{0:option} is not UTF-8." "String options hold UTF-8 text, and these bytes are not."
    OptWrongPlace "opt.wrong-place" "Options and payload" Warn Message "RFC 7252 section 5.4" "{0:option} in {1:code}." "The option is not defined for this kind of message and counts as unknown: skipped if elective, fatal if critical."
    OptDotSegment "opt.dot-segment" "Options and payload" Warn Message "RFC 7252 sections 5.10.1, 5.10.7" "" "Segments \".\" and \"..\" have to be resolved before a URI is split into options; on the wire they are not allowed."
    OptSlashInSegment "opt.slash-in-segment" "Options and payload" Chat Message "RFC 7252 section 6.5" "" "Within one path segment a slash is ordinary data, written %2F in the URI, and separates nothing."
    OptDefaultValue "opt.default-value" "Options and payload" Note Frame "RFC 7252 section 5.4.4" "{0:option} says what its absence would say." "An option that is left out means exactly its default, so these bytes could have been saved."
    OptUriHostMismatch "opt.uri-host-mismatch" "Options and payload" Note Tracking "RFC 7252 section 5.10.1" "" "The host in the request is not the address that it was sent to: a virtual server, a proxy, or a mistake."
    OptReserved "opt.reserved" "Options and payload" Warn Message "RFC 7252 sections 5.10.7, 12.2" "Option {0}." "The number is kept for a later purpose; beside Location options an unsupported one of 128 to 140 must lead to 4.02."
    OptExperimental "opt.experimental" "Options and payload" Note Message "RFC 7252 sections 12.2, 12.3" "Number {0}." "Numbers from 65000 up are for experiments and have no place in products."
    OptVendor "opt.vendor" "Options and payload" Note Message "RFC 7252 section 12.2" "Option {0}." "From 2048 up there is room for private and vendor options, which should be registered all the same."
    OptDraftNumber "opt.draft-number" "Options and payload" Note Message "draft-ietf-core-uri-path-abbrev" "Option {0:option}." "The option comes from an Internet-Draft and is not registered, so both its number and its meaning can still move."
    OptProxyUriConflict "opt.proxy-uri-conflict" "Options and payload" Warn Message "RFC 7252 section 5.10.2; core-href" "{0:option} and {1:option} are both present." "One of the two already says everything; a request must not carry the other as well."
    OptProxyRequest "opt.proxy-request" "Options and payload" Chat Message "RFC 7252 section 5.7.2" "{0:option} is present." "The client wants this endpoint to act as its proxy and to fetch the resource from elsewhere."
    OptIfMatchAndNone "opt.if-match-and-none" "Options and payload" Note Message "RFC 7252 section 5.10.8.2" "" "\"Only if it exists as I know it\" and \"only if it does not exist\" cannot both hold: the answer can only be 4.12."
    OptEtagMulticast "opt.etag-multicast" "Options and payload" Error Frame "RFC 7252 section 8.2.1" "" "A multicast GET must not offer ETags for validation."
    CfUnknown "cf.unknown" "Options and payload" Note Message "RFC 7252 section 12.3" "Number {0}." "The Content-Format is not registered, so both sides need an agreement of their own to make sense of the bytes."
    CfDeprecated "cf.deprecated" "Options and payload" Note Message "IANA: 1542-1543 reserved, do not use" "{0:format}." "This number dates from before the registration; LwM2M, for one, has 11542, 11543 and 11544 today."
    CfMissing "cf.missing" "Options and payload" Note Message "RFC 7252 sections 5.5.1, 5.10.3" "{0:bytes} of payload." "A payload has no default format: without Content-Format its reader can only guess."
    CfFetchMissing "cf.fetch-missing" "Options and payload" Error Message "RFC 8132 section 2.3.1" "" "A FETCH carries its query in the payload and must name the format of that query."
    CfWithoutPayload "cf.without-payload" "Options and payload" Note Message "RFC 7252 section 5.10.3" "{0:format}." "The message names the format of a payload that it does not have."
    CfNotAccepted "cf.not-accepted" "Options and payload" Warn Tracking "RFC 7252 section 5.10.4" "It asked for {0:format} and got {1:format}." "The client accepts one format only; a server that cannot produce it should answer 4.06."
    CfParseFailed "cf.parse-failed" "Options and payload" Warn Payload "RFC 7252 section 5.5.1" "Byte {0} of it: {1:flaw}." "The payload is not what its Content-Format says, or programs differ in what they make of it."
    PayloadMarkerEmpty "payload.marker-empty" "Options and payload" Error Message "RFC 7252 section 3" "" "The marker 0xFF promises a payload; with nothing behind it the message is malformed, and the marker should have been left out."
    PayloadNotAllowed "payload.not-allowed" "Options and payload" Warn Message "RFC 7252 sections 5.5, 5.9.1.3; RFC 7959 section 2.9.1" "{0:asking} with {1:bytes}." "For this kind of message no payload is defined, and receivers have to ignore it."
    PayloadDiagnostic "payload.diagnostic" "Options and payload" Chat Message "RFC 7252 section 5.5.2" "" "An error response without a Content-Format may carry a text for the person who debugs."
    PayloadDiagnosticNotUtf8 "payload.diagnostic-not-utf8" "Options and payload" Warn Message "RFC 7252 section 5.5.2" "" "The diagnostic text of an error response has to be UTF-8."
    SizeLarge "size.large" "Options and payload" Note Message "RFC 7252 section 4.6" "The message has {0:bytes}, its payload {1}." "Beyond 1152 bytes in all, or 1024 of payload, IP is likely to fragment the datagram: block-wise transfer avoids that."
    SizeFragmented "size.fragmented" "Options and payload" Warn Frame "RFC 7252 section 4.6" "It came in {0} fragments." "One lost fragment loses the whole message, so fragments multiply the loss rate."
    PayloadTooDeep "payload.too-deep" "Options and payload" Warn Payload "heuristic" "Byte {0} of it: {1:flaw}." "Nesting this deep, or this many items, looks made to hurt parsers: what is left is shown as plain bytes."
    OptPercent "opt.percent" "Options and payload" Note Message "RFC 7252 section 6.4" "{0:option} holds a percent escape." "Options carry text after percent-decoding, so the sender has probably forgotten to decode it."
    // Message layer
    MidRetransmission "mid.retransmission" "Message layer" Note Tracking "RFC 7252 sections 4.2, 4.5" "{0:copy}, {1:time} after the one before{0:unseen}." "A Confirmable message is repeated until an answer reaches its sender; each wait should be twice the one before."
    MidRetransmissionEarly "mid.retransmission-early" "Message layer" Warn Tracking "RFC 7252 sections 4.2, 4.8.1" "Only {1:time} after the copy before." "To repeat sooner than ACK_TIMEOUT endangers the network, unless the sender has measured the round-trip time."
    MidRetransmissionLate "mid.retransmission-late" "Message layer" Note Tracking "RFC 7252 section 4.2" "{1:time} after the copy before." "The copy comes later than the schedule allows for it; a sender that sleeps in between does this."
    MidNoBackoff "mid.no-backoff" "Message layer" Warn Tracking "RFC 7252 section 4.2" "Gaps of {0:time} and {1:time}." "Every wait should double the one before; this sender keeps its pace."
    MidTooMany "mid.too-many" "Message layer" Warn Tracking "RFC 7252 sections 4.2, 4.8.2" "Copy {0}, {1:time} after the first." "These are more repetitions than MAX_RETRANSMIT permits, or they go on for longer than MAX_TRANSMIT_SPAN."
    MidSpurious "mid.spurious" "Message layer" Warn Tracking "RFC 7252 section 4.2" "The answer was captured {1:time} earlier (frame {0:frame})." "An answer had already passed here: it got lost further on, reached the sender too late, or was not taken for one by the sender."
    MidGaveUp "mid.gave-up" "Message layer" Note Tracking "RFC 7252 section 4.2" "It ended after {0:transmissions}." "The sender stopped before MAX_RETRANSMIT, which it is free to do."
    MidNoAck "mid.no-ack" "Message layer" Warn Tracking "RFC 7252 sections 4.2, 4.8.2" "It was seen {0:times} within MAX_TRANSMIT_WAIT." "No answer to it was captured in that time; a sender that gets none by then reports failure to its application."
    MidReuse "mid.reuse" "Message layer" Error Tracking "RFC 7252 section 4.4" "Frame {0:frame} used it {1:time} earlier." "A Message ID may not return for another message within EXCHANGE_LIFETIME: a receiver may take the new one for a copy and drop it."
    MidRefreshedCopy "mid.refreshed-copy" "Message layer" Chat Tracking "RFC 7641 section 4.4; RFC 7252 section 5.10.5" "The first copy is frame {0:frame}." "A repeated notification may carry a fresher Observe number or Max-Age under its old Message ID."
    MidRecycled "mid.recycled" "Message layer" Chat Tracking "RFC 7252 section 4.4" "Frame {0:frame} used it {1:time} earlier." "The 16-bit Message ID has come round again after its lifetime; this is another message."
    MidDuplicateNon "mid.duplicate-non" "Message layer" Note Tracking "RFC 7252 sections 4.3, 4.5" "The first copy is frame {0:frame}, {1:time} earlier." "A Non-confirmable message arrived twice, repeated by its sender or doubled by the network: it counts once."
    MidDuplicateAck "mid.duplicate-ack" "Message layer" Note Tracking "RFC 7252 section 4.5" "The first copy is frame {0:frame}." "Every copy of a Confirmable message is answered again, always with the same answer."
    AckChanged "ack.changed" "Message layer" Error Tracking "RFC 7252 sections 4.5, 5.2.2" "The first was frame {0:frame}." "Each copy of a message gets the same acknowledgement, and never a response behind an empty one; only to a request that may be carried out twice, as GET, PUT and DELETE, another response is allowed, and then this is a note."
    AckOrphan "ack.orphan" "Message layer" Warn Tracking "RFC 7252 section 4.4" "Message ID {0}{1:orphan}." "No message that this could acknowledge was seen: the capture began too late or misses one direction, the message was sent too long ago (EXCHANGE_LIFETIME) or passed at another interface, or the Message ID is wrong."
    RstOrphan "rst.orphan" "Message layer" Warn Tracking "RFC 7252 section 4.4" "Message ID {0}{1:orphan}." "No message that this Reset could reject was seen: it is not in the capture, was sent too long ago or passed at another interface; a forged Reset would look no different."
    AckToNon "ack.to-non" "Message layer" Error Tracking "RFC 7252 section 4.3" "It answers frame {0:frame}." "Non-confirmable messages are never acknowledged."
    AckImplicit "ack.implicit" "Message layer" Chat Tracking "RFC 7252 sections 4.2, 5.2.2" "The request is frame {0:frame}." "A response proves that its request got through, and so ends the retransmissions just as an ACK would."
    AckSlow "ack.slow" "Message layer" Note Tracking "RFC 7252 section 4.8.2" "It took {1:time}." "An ACK this late comes after the first timeout of whoever waits for it; a server that needs so long for its response should send the empty ACK at once."
    RstRejects "rst.rejects" "Message layer" Note Tracking "RFC 7252 sections 4.2, 4.3" "It rejects frame {0:frame}." "The receiver could make nothing of that message, for instance because it has restarted and forgotten its state."
    FlowNstart "flow.nstart" "Message layer" Note Tracking "RFC 7252 section 4.7" "{0} are open at once, as far as the capture shows." "No more interactions than NSTART should be open with one server at a time; unless agreed otherwise, that is one."
    FlowProbingRate "flow.probing-rate" "Message layer" Note Tracking "RFC 7252 section 4.7" "It sends {0:bytes} per second." "Towards an endpoint that stays silent a sender may spend no more than PROBING_RATE on average: one byte per second, unless agreed otherwise."
    IcmpUnreachable "icmp.unreachable" "Message layer" Warn Tracking "RFC 1122 section 4.1.3.3; RFC 4443 section 3.1" "{0:icmp}, code {1}." "A router or the host itself reports that the datagram did not arrive, for example because there is no route, or because nobody listens on that port."
    CaptureCopy "capture.copy" "Message layer" Note Tracking "heuristic" "The same datagram is frame {0:frame}, {1:time} earlier." "One datagram was captured twice, on a mirror port, a bridge or two interfaces: nobody sent it twice."
    NetDuplicate "net.duplicate" "Message layer" Note Tracking "heuristic" "The same datagram is frame {0:frame}, {1:time} earlier." "The network handed over one datagram twice, though its sender sent it once."
    EmptyPingAcked "empty.ping-acked" "Message layer" Warn Tracking "RFC 7252 sections 4.2, 4.3" "The ping is frame {0:frame}." "Pings are answered with a Reset: a peer that acknowledges one treats an Empty message like a request."
    RstToAck "rst.to-ack" "Message layer" Error Tracking "RFC 7252 section 4.2" "It answers frame {0:frame}." "Acknowledgements and Resets are never answered, and this Reset says nothing about the exchange."
    AckAndRst "ack.and-rst" "Message layer" Warn Tracking "RFC 7252 section 4.2" "The other answer is frame {0:frame}." "A Confirmable message is either acknowledged or reset; its sender has already acted on whichever came first."
    CaptureTimeOrder "capture.time-order" "Message layer" Note Tracking "heuristic" "{1:time} before the frame in front of it." "The frames are not sorted by time, so no duration is shown across this place."
    CaptureTimeJump "capture.time-jump" "Message layer" Chat Tracking "heuristic" "{1:time} after the frame in front of it." "The capture was interrupted or its clock was set: every lifetime that spans the hole counts as over, unless an answer behind it shows that little time passed, and what was awaited may have come in it."
    // Request and response
    RespUnmatched "resp.unmatched" "Request and response" Warn Tracking "RFC 7252 section 5.3.2" "" "No open request with this token between these endpoints, at this interface, was captured: a client that sent none rejects the response."
    RespTokenMismatch "resp.token-mismatch" "Request and response" Error Tracking "RFC 7252 section 5.3.2" "The request is frame {0:frame}." "A piggybacked response belongs to a request only if Message ID and token are both the request's."
    RespWrongEndpoint "resp.wrong-endpoint" "Request and response" Warn Tracking "RFC 7252 section 5.3.2" "The request is frame {0:frame}." "The response does not come from where the request went to: address translation, anycast, or a forgery."
    RespMultiple "resp.multiple" "Request and response" Note Tracking "RFC 7252 section 5.2" "The first response is frame {0:frame}." "A unicast request has one response, unless it registered an observation."
    RespNone "resp.none" "Request and response" Warn Tracking "RFC 7252 section 4.7" "" "EXCHANGE_LIFETIME is over, and with it the client's patience for a response."
    RespNoneAfterAck "resp.none-after-ack" "Request and response" Warn Tracking "RFC 7252 section 5.2.2" "The ACK is frame {0:frame}." "With its empty ACK the server promised a response, and none that can be read was captured within 60 s of the ACK, or before EXCHANGE_LIFETIME was over."
    RespNoneNon "resp.none-non" "Request and response" Note Tracking "RFC 7252 section 4.3" "" "Where nothing is confirmed, the request or its response can vanish without anybody noticing."
    RespTypeUnusual "resp.type-unusual" "Request and response" Note Tracking "RFC 7252 section 5.2.3" "The request is frame {0:frame}." "It is permitted, though a response normally travels as reliably as its request did."
    RespPiggybackOnCon "resp.piggyback-on-con" "Request and response" Error Tracking "RFC 7252 section 5.2.2" "It answers frame {0:frame}." "A Confirmable response is acknowledged with an Empty message and nothing more."
    RespCodeVsMethod "resp.code-vs-method" "Request and response" Warn Tracking "RFC 7252 section 5.9; RFC 7959 section 2.9.1" "{0:code} answers {1:code}." "This success code is not defined for the method of the request."
    RespValidWithoutEtag "resp.valid-without-etag" "Request and response" Error Message "RFC 7252 section 5.9.1.3" "" "2.03 confirms one of the client's stored versions, and only an ETag can say which."
    RespValidUnasked "resp.valid-unasked" "Request and response" Warn Tracking "RFC 7252 section 5.10.6.2" "The request is frame {0:frame}." "The client did not name the version that is confirmed as valid, and need not have it."
    RespCreatedNoLocation "resp.created-no-location" "Request and response" Chat Message "RFC 7252 section 5.9.1.1" "" "Without Location options the resource that was created is the one that the request named."
    RespTooLargeNoSize1 "resp.too-large-no-size1" "Request and response" Chat Message "RFC 7252 section 5.9.2.9" "" "With Size1 the server would tell how large a request it is ready to take."
    RespRetryTooSoon "resp.retry-too-soon" "Request and response" Warn Tracking "RFC 7252 section 5.9.3.4; RFC 8516 section 4" "{1:time} after frame {0:frame}." "In 5.03 and 4.29 Max-Age is the time that the client should wait before it tries again."
    ReqTokenInUse "req.token-in-use" "Request and response" Warn Tracking "RFC 7252 section 5.3.1; RFC 9175 section 4.2" "Frame {0:frame} is still open with it." "Two open requests with one token: a response that does not come in an ACK may answer either, and is taken here to answer the newer, unless an ACK promised it to the older alone."
    SecTokenWeak "sec.token-weak" "Request and response" Note Frame "RFC 7252 section 5.3.1" "{0:bytes} of token." "Across the open Internet a token should carry 32 random bits or more, or responses can be forged by guessing."
    CacheRepeatWhileFresh "cache.repeat-while-fresh" "Request and response" Chat Tracking "RFC 7252 section 5.6.1" "Frame {0:frame} is fresh for {1:time} more." "The stored response would still have served, without asking the server again."
    EchoChallenge "echo.challenge" "Request and response" Chat Message "RFC 9175 section 2.3" "" "The server gives out a value that the client is to send back; with 4.01 it acts only after that."
    EchoIgnored "echo.ignored" "Request and response" Note Tracking "RFC 9175 section 2.3" "The challenge is frame {0:frame}." "The client repeats its request without the Echo value, and has to expect the same refusal."
    EchoWrongEndpoint "echo.wrong-endpoint" "Request and response" Warn Tracking "RFC 9175 section 2.3" "The value came with frame {0:frame}." "An Echo value belongs to the server that made it and goes back to no other."
    NoresponseViolated "noresponse.violated" "Request and response" Note Tracking "RFC 7967 section 2.1" "The request is frame {0:frame}." "The client had asked to be spared this class of response; servers that do not know the option send it anyway."
    NoresponseCon "noresponse.con" "Request and response" Note Message "RFC 7967 section 2" "" "A Confirmable request is acknowledged in any case, which leaves little for No-Response to save."
    HopExhausted "hop.exhausted" "Request and response" Warn Message "RFC 8768" "" "The request passed through more proxies than its Hop-Limit allows, most likely in a circle."
    AmpRatio "amp.ratio" "Request and response" Note Tracking "RFC 7252 section 11.3; RFC 9175 section 2.4" "A response of {0:bytes} answers a request of {1}." "A small forged request that draws a large response turns a server into a weapon: towards unverified addresses three times the size is the limit."
    RespSlow "resp.slow" "Request and response" Note Tracking "RFC 7252 section 4.8; heuristic" "It took {1:time}." "The response arrived, but only after the time at which a client starts to retransmit."
    ReqEmptyToken "req.empty-token" "Request and response" Chat Message "RFC 7252 section 5.3.1" "" "With no token, nothing but the pair of endpoints links a response to its request, so only one request can be open."
    OptCriticalAccepted "opt.critical-accepted" "Request and response" Warn Tracking "RFC 7252 sections 5.4.1, 5.4.3, 5.4.5" "{1:option} in frame {0:frame}." "The request carried a critical option that counts as unknown here: unless both sides agreed on what it means, the server had to answer 4.02 rather than go on."
    // Observe
    ObsRegistered "obs.registered" "Observe" Chat Tracking "RFC 7641 section 3.1" "The registration is frame {0:frame}." "From now on the server tells this client of changes of the resource, under the token of the registration."
    ObsRefused "obs.refused" "Observe" Note Tracking "RFC 7641 section 4.1" "The registration is frame {0:frame}." "The server answers but keeps no observer: the client has to ask again to learn of changes."
    ObsStale "obs.stale" "Observe" Warn Tracking "RFC 7641 section 3.4" "It has {0:observe}, and {1:order} was seen before." "A newer notification overtook this one and must not be replaced by it."
    ObsSameNumber "obs.same-number" "Observe" Warn Tracking "RFC 7641 section 4.4" "It has {0:observe} again." "Each notification needs a higher number than the one before it."
    ObsGap "obs.gap" "Observe" Note Tracking "RFC 7641 section 4.4" "It has number {0:number}, and {0:expected} was expected[; what it skips came late, the last in frame {1:frame}]." "A notification was probably lost or left out, though a server may also count in larger steps; of an observation only the first gap is a finding."
    ObsJump "obs.jump" "Observe" Warn Tracking "RFC 7641 section 4.4" "The number went from {1} to {0}." "Numbers that grow by more than half their range in four minutes no longer tell old from new."
    ObsCancelDereg "obs.cancel-dereg" "Observe" Chat Tracking "RFC 7641 section 3.6" "[The registration is frame {0:frame}.]" "The client says explicitly that it wants no more notifications."
    ObsCancelRst "obs.cancel-rst" "Observe" Note Tracking "RFC 7641 sections 3.6, 4.5" "It rejects frame {0:frame}." "The client no longer knows the observation, and its Reset is to take it off the server's list."
    ObsCancelError "obs.cancel-error" "Observe" Note Tracking "RFC 7641 sections 3.2, 4.2" "[The registration is frame {0:frame}.]" "A notification with an error code is the last: the server has to drop the observer."
    ObsCancelTimeout "obs.cancel-timeout" "Observe" Warn Tracking "RFC 7641 section 4.5" "The notification is frame {0:frame}[, and the server went on with frame {1:frame}]." "A client that acknowledges no Confirmable notification counts as gone, and its server is to drop it from the list of observers."
    ObsAfterCancel "obs.after-cancel" "Observe" Warn Tracking "RFC 7641 section 3.6" "The observation ended with frame {0:frame}." "A notification behind the end of its observation was on its way already, or its sender does not know of the end: a client that has forgotten the observation is to reject it."
    ObsUnknownToken "obs.unknown-token" "Observe" Warn Tracking "RFC 7641 section 3.5" "[The server refused the registration in frame {0:frame}.]" "No registration between these endpoints that is in force has this token: it was not captured, was refused, or is over."
    ObsErrorWithObserve "obs.error-with-observe" "Observe" Error Message "RFC 7641 section 4.2" "The code is {0:code}." "An error ends the observation and therefore must not carry Observe."
    ObsMissingOption "obs.missing-option" "Observe" Warn Tracking "RFC 7641 section 4.2" "[The registration is frame {0:frame}.]" "Observe is what makes a response a notification; under the token of an observation it must be there."
    ObsDeregAnswer "obs.dereg-answer" "Observe" Error Tracking "RFC 7641 section 4.1" "The deregistration is frame {0:frame}." "The answer to a deregistration is an ordinary response, without Observe."
    ObsFormatChanged "obs.format-changed" "Observe" Error Tracking "RFC 7641 section 4.2" "From {0:format} to {1:format}." "All notifications keep the Content-Format of the first; a server that cannot do so ends the observation with 4.06."
    ObsNoCon24h "obs.no-con-24h" "Observe" Warn Tracking "RFC 7641 section 4.5" "{1:time} without a Confirmable one." "At least once a day a notification must be Confirmable, to find out whether the client still listens."
    ObsExpired "obs.expired" "Observe" Note Tracking "RFC 7641 sections 3.3.1, 4.3.1" "{1:time} after frame {0:frame}." "The state that the client holds is out of date; after a random wait of 5 to 15 s it may register again."
    ObsDoubleRegistration "obs.double-registration" "Observe" Warn Tracking "RFC 7641 section 3.1" "The other registration is frame {0:frame}." "A client registers once per resource, not once more under another token."
    ObsReregChanged "obs.rereg-changed" "Observe" Warn Tracking "RFC 7641 sections 3.3.1, 3.6" "The first registration is frame {0:frame}." "A registration is renewed or ended with the options it began with; only ETags may differ."
    ObsReregEarly "obs.rereg-early" "Observe" Note Tracking "RFC 7641 section 3.3.1" "{1:time} after frame {0:frame}." "The state that the client holds is still fresh, and it should wait until that is over."
    ObsTooFast "obs.too-fast" "Observe" Note Tracking "RFC 7641 section 4.5.1" "{1:time} between notifications on average." "A server that does not know the round-trip time should send one Non-confirmable notification every three seconds at most."
    ObsTcpNumber "obs.tcp-number" "Observe" Chat Transport "RFC 8323 section 7.1" "The number is {0}." "TCP delivers in order, so nobody looks at the number."
    ObsInAck "obs.in-ack" "Observe" Error Tracking "RFC 7641 section 4.5" "[The registration is frame {0:frame}.]" "Only the first response can travel in the ACK; later notifications need a Message ID of their own, or the client drops them as copies."
    // Block-wise transfer
    BlockSzx7 "block.szx7" "Block-wise transfer" Error Message "RFC 7959 section 2.2; RFC 8323 section 6" "{0:option}." "Over UDP a size exponent of 7 is reserved; over TCP it stands for several blocks in one message (BERT)."
    BlockControlMSet "block.control-m-set" "Block-wise transfer" Warn Message "RFC 7959 section 2.2" "{0:option}." "Who asks for a block leaves the \"more\" bit 0; only Q-Block2 gives it a meaning in requests."
    BlockSizeMismatch "block.size-mismatch" "Block-wise transfer" Error Message "RFC 7959 section 2.3" "The block should have {0:bytes} and has {1}." "Except for the last, each block is exactly as long as its option says."
    BlockGap "block.gap" "Block-wise transfer" Warn Tracking "RFC 7959 sections 2.4, 2.5" "Byte {0} of the body comes after byte {1}." "What lies between was not captured before it, or was refused: a server answers such an upload with 4.08, and a client has to ask again for what it lacks."
    BlockOverlap "block.overlap" "Block-wise transfer" Note Tracking "RFC 7959 section 2.2" "Byte {0} of the body was already past, at {1}." "This part of the body has been transferred before."
    BlockSizeReduced "block.size-reduced" "Block-wise transfer" Chat Tracking "RFC 7959 sections 2.4, 2.5" "From {1} to {0:bytes}." "The peer prefers smaller blocks, and from here block numbers count in the new size."
    BlockSizeIncreased "block.size-increased" "Block-wise transfer" Warn Tracking "RFC 7959 section 2.4" "From {1:size} to {0:bytes}." "A server takes the size it was asked for or a smaller one, never a larger."
    BlockNumMismatch "block.num-mismatch" "Block-wise transfer" Warn Tracking "RFC 7959 section 2.3" "It describes byte {0}, not byte {1}." "The answer is about another block than the request."
    BlockEtagChanged "block.etag-changed" "Block-wise transfer" Warn Tracking "RFC 7959 section 2.4" "The first block is frame {0:frame}." "The resource changed while it was being read, and its blocks no longer fit together."
    BlockNoEtag "block.no-etag" "Block-wise transfer" Chat Message "RFC 7959 section 2.4" "" "With no ETag nobody can tell whether the resource changes between two blocks."
    BlockFormatChanged "block.format-changed" "Block-wise transfer" Warn Tracking "RFC 7959 section 2.3" "From {0:format} to {1:format}." "Content-Format speaks of the whole body and stays the same from block to block."
    BlockContinueOnLast "block.continue-on-last" "Block-wise transfer" Error Tracking "RFC 7959 section 2.9.1" "The request is frame {0:frame}." "After the last block there is nothing left to continue with: a final code has to come."
    BlockFinalEarly "block.final-early" "Block-wise transfer" Note Tracking "RFC 7959 section 2.3" "The request is frame {0:frame}." "This server acts on each block as it arrives, so the resource changes step by step."
    BlockIncomplete "block.incomplete" "Block-wise transfer" Warn Tracking "RFC 7959 sections 2.4, 2.5" "It ended after {0:bytes}." "No further block was captured within EXCHANGE_LIFETIME: the transfer was given up, and its receiver is free to discard what it has."
    BlockRejected "block.rejected" "Block-wise transfer" Note Tracking "RFC 7959 sections 2.9.2, 2.9.3" "{0:code}." "4.08 reports missing or misplaced blocks; 4.13 asks for smaller blocks or a smaller body."
    BlockSizeHint "block.size-hint" "Block-wise transfer" Note Tracking "RFC 7959 section 4" "{0:bytes} announced, {1} transferred." "Size1 and Size2 are estimates in plain block-wise transfer, but exact with Q-Block."
    BlockInterleaved "block.interleaved" "Block-wise transfer" Warn Tracking "RFC 7959 section 2.5; RFC 9175 section 3" "The other transfer began with frame {0:frame}." "A second body to the same resource overwrites the first, unless Request-Tags keep them apart."
    BlockObserveLater "block.observe-later" "Block-wise transfer" Warn Tracking "RFC 7959 sections 2.6, 3.4" "" "Only the first block of a notification belongs to the observation; the others are fetched by plain requests with another token."
    BlockMulticast "block.multicast" "Block-wise transfer" Warn Frame "RFC 7959 section 2.8; RFC 9177 section 4.8" "Block number {0}." "A multicast request can ask for the first block only, and the rest is fetched from each server by unicast."
    BlockIfNoneMatch "block.if-none-match" "Block-wise transfer" Warn Message "RFC 7959 section 2.10" "Block number {0}." "Whether the resource exists can be checked only when the first block arrives."
    QblockMixed "qblock.mixed" "Block-wise transfer" Error Message "RFC 9177 section 4.1" "{0:option} and {1:option} are both present." "One message uses either Block or Q-Block options; a mixture is answered with 4.02."
    QblockMissingCompanion "qblock.missing-companion" "Block-wise transfer" Error Message "RFC 9177 sections 4.3, 4.4, 4.6" "{0:option} needs {1:option}." "Without the options that RFC 9177 demands beside a Q-Block, lost blocks cannot be found."
    QblockLost "qblock.lost" "Block-wise transfer" Note Message "RFC 9177 sections 4.3, 4.4, 5" "It names {0:blocks}." "The receiver names precisely the blocks that it did not get."
    // Multicast
    McastCon "mcast.con" "Multicast" Error Frame "RFC 7252 section 8.1" "" "Requests to a group must be Non-confirmable, or every receiver would acknowledge at the same moment."
    McastAck "mcast.ack" "Multicast" Error Tracking "RFC 7252 sections 8.1, 8.2" "The request is frame {0:frame}." "A server never acknowledges a request that came by multicast."
    McastRst "mcast.rst" "Multicast" Warn Tracking "RFC 7252 section 8.1" "The request is frame {0:frame}." "A server that knows of the multicast must keep its Reset to itself."
    McastNoLeisure "mcast.no-leisure" "Multicast" Note Tracking "RFC 7252 section 8.2" "{0} answers within {1:time}." "Servers should spread their answers at random over the leisure time, 5 s by default."
    McastErrorReply "mcast.error-reply" "Multicast" Note Tracking "RFC 7252 section 8.2; groupcomm-bis" "{0:code}." "Most servers keep errors to themselves when the request came by multicast, to spare the network."
    McastTokenReuse "mcast.token-reuse" "Multicast" Warn Tracking "RFC 7390 section 2.5" "{1:time} after frame {0:frame}." "A late answer to the earlier request would count as an answer to this one."
    McastImplosion "mcast.implosion" "Multicast" Warn Tracking "RFC 7252 section 11.3" "By now answers of {0:bytes} came to a request of {1}." "One request to a group can set off a storm of answers."
    McastSecurePort "mcast.secure-port" "Multicast" Warn Frame "RFC 7252 sections 8.1, 9.1" "" "DTLS works between two endpoints only; groups are protected by Group OSCORE."
    // TCP and WebSocket
    TcpNoCsm "tcp.no-csm" "TCP and WebSocket" Error Transport "RFC 8323 sections 3.3, 5.3" "The first code is {0:code}." "On a connection each side introduces itself with a CSM, or the other side aborts."
    TcpCriticalCsm "tcp.critical-csm" "TCP and WebSocket" Error Transport "RFC 8323 section 5.2" "Option {0}." "A signaling message with a critical option that the peer does not know ends the connection with an Abort."
    TcpOverMaxSize "tcp.over-max-size" "TCP and WebSocket" Error Transport "RFC 8323 section 5.3.1" "{0:bytes}, and {1} is the limit." "The receiver has announced that it cannot take a message of this size."
    TcpTokenTooLong "tcp.token-too-long" "TCP and WebSocket" Error Transport "RFC 8974 section 2.2.1" "{0:bytes}, and {1} is the limit." "A server that has not announced longer tokens has to treat this one as a format error."
    TcpBertNotAnnounced "tcp.bert-not-announced" "TCP and WebSocket" Warn Transport "RFC 8323 sections 5.3.2, 6" "" "Blocks of BERT size go only to a peer that announced Block-Wise-Transfer and messages above 1152 bytes."
    TcpPingUnanswered "tcp.ping-unanswered" "TCP and WebSocket" Note Transport "RFC 8323 section 5.4" "" "A Ping is answered by a Pong that carries its token."
    TcpPongUnmatched "tcp.pong-unmatched" "TCP and WebSocket" Warn Transport "RFC 8323 section 5.4" "" "No Ping had this token."
    TcpRelease "tcp.release" "TCP and WebSocket" Chat Transport "RFC 8323 section 5.5" "" "The sender asks for the connection to be closed in good order."
    TcpAbort "tcp.abort" "TCP and WebSocket" Warn Transport "RFC 8323 section 5.6" "" "The sender closes the connection at once; its payload should give the reason."
    TcpKeepalive "tcp.keepalive" "TCP and WebSocket" Chat Transport "RFC 8323 section 3.4" "" "Empty messages keep address translators from forgetting the connection, and carry nothing else."
    TcpDesync "tcp.desync" "TCP and WebSocket" Error Transport "RFC 8323 sections 3.2, 5.6" "At byte {0} of the stream." "The lengths no longer lead from message to message, and a format error on TCP ends the connection."
    WsLen "ws.len" "TCP and WebSocket" Error Transport "RFC 8323 section 4.2" "The field says {0}." "The WebSocket frame has a length already, so the CoAP length field stays 0."
    WsTextFrame "ws.text-frame" "TCP and WebSocket" Error Transport "RFC 8323 section 4.2" "" "CoAP is binary and travels in binary frames."
    WsSubprotocol "ws.subprotocol" "TCP and WebSocket" Error Transport "RFC 8323 section 4.1" "" "A WebSocket carries CoAP only if the subprotocol \"coap\" was agreed on."
    // Security
    OscoreNoPayload "oscore.no-payload" "Security" Error Message "RFC 8613 section 2" "" "An OSCORE message exists for its ciphertext: without payload it is malformed."
    OscoreReservedBits "oscore.reserved-bits" "Security" Error Message "RFC 8613 section 6.1" "The flag byte is {0:hex}." "The upper three flag bits have no meaning in RFC 8613, so 4.02 may follow; the registry gives 0x20 to Group OSCORE, whose fields are the same."
    OscorePivLength "oscore.piv-length" "Security" Error Message "RFC 8613 section 6.1" "The flags announce {0:bytes}." "Sequence numbers have 40 bits, so a Partial IV has at most 5 bytes."
    OscoreTruncated "oscore.truncated" "Security" Error Message "RFC 8613 section 6.1" "It is {0:bytes} short." "The option is over before the fields that its flag byte announces."
    OscoreZeroFlagByte "oscore.zero-flag-byte" "Security" Note Message "RFC 8613 section 2" "" "When no flag is set the option is sent without a value."
    OscoreRequestIncomplete "oscore.request-incomplete" "Security" Error Message "RFC 8613 section 5" "" "Without a sequence number and a key identifier the server cannot even begin to decrypt a request."
    OscoreOuterCode "oscore.outer-code" "Security" Warn Message "RFC 8613 sections 4.2, 4.1.3.5" "The code is {0:code}." "OSCORE hides the real code: outside stand POST and 2.04, or FETCH and 2.05 where an observation is involved."
    OscoreOuterEOption "oscore.outer-e-option" "Security" Warn Message "RFC 8613 sections 4.1, 8.2" "{0:option} is outside." "This option belongs inside the ciphertext, and the receiver discards it here."
    OscoreReplay "oscore.replay" "Security" Warn Tracking "RFC 8613 section 7.4" "The other is frame {0:frame}." "A key and a sequence number together must never protect two requests; the server would answer 4.01."
    OscoreUnprotectedError "oscore.unprotected-error" "Security" Note Tracking "RFC 8613 section 8.2" "{0:code} answers frame {1:frame}." "OSCORE reports its own errors in the clear: no such context, a replay, or a failed decryption."
    OscoreDecryptFailed "oscore.decrypt-failed" "Security" Error Keys "RFC 8613 sections 8.2, 8.4" "" "The key or context is wrong, the message was altered, or the request that it depends on was not captured."
    SecNosecWrite "sec.nosec-write" "Security" Note Frame "RFC 7252 sections 9, 11" "{0:code}." "Anyone along the path can read this command, and send one like it."
    SecPortMismatch "sec.port-mismatch" "Security" Warn Frame "RFC 7252 sections 12.6, 12.7" "Port {0}." "Plain CoAP belongs on 5683 and DTLS on 5684."
    DtlsPlainHandshake "dtls.plain-handshake" "Security" Chat Transport "RFC 6347; RFC 9147 section 4" "" "Before encryption begins, version, cipher suites, server name and the PSK identity can be read."
    DtlsOldVersion "dtls.old-version" "Security" Note Transport "RFC 8996" "" "DTLS 1.0 has been retired."
    DtlsCid "dtls.cid" "Security" Chat Transport "RFC 9146 section 4" "" "A Connection ID keeps the session alive when the address changes; how long it is, only the handshake tells."
    DtlsAlert "dtls.alert" "Security" Warn Transport "RFC 6347" "" "An alert disturbs the session or ends it; after the handshake its content is encrypted."
    DtlsRetransmittedFlight "dtls.retransmitted-flight" "Security" Note Transport "RFC 6347 section 4.2.4" "" "A part of the handshake was lost, and its sender repeats it."
    // Old drafts and ecosystems
    DraftHeader "draft.header" "Old drafts and ecosystems" Warn Message "draft-ietf-core-coap-03 .. -12" "The header counts {0:options}." "In software from before 2013 the second nibble is the number of options rather than the length of the token."
    DraftPort "draft.port" "Old drafts and ecosystems" Note Frame "draft-ietf-core-coap-03" "" "Before CoAP had port 5683, drafts used 61616."
    AppLwm2m "app.lwm2m" "Old drafts and ecosystems" Chat Message "OMA LwM2M" "" "Paths like these belong to LwM2M device management: the device registers as a client and then serves its objects."
    AppThread "app.thread" "Old drafts and ecosystems" Chat Frame "Thread" "" "This is how a Thread mesh manages itself (TMF)."
    AppOcf "app.ocf" "Old drafts and ecosystems" Chat Message "OCF" "" "This is how OCF devices are discovered and controlled."
    AppCoiot "app.coiot" "Old drafts and ecosystems" Note Frame "Shelly CoIoT" "" "A vendor's protocol: it wears the CoAP header but uses a method that is not registered."
}

impl Rule {
    /// Stable identifier, such as `hdr.truncated`.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// Its usual severity.
    #[inline]
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// The rule with that identifier.
    pub fn from_id(id: &str) -> Option<Self> {
        RULES.iter().copied().find(|rule| rule.id() == id)
    }
}
