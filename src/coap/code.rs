//! Codes: methods, response codes and signaling codes (RFC 7252 section 12.1, RFC 8323 section 11.1).

use std::fmt;

/// Code field of the header: class in the upper three bits, detail in the lower five; printed as `c.dd`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u8);

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// 0.00.
    Empty,
    /// 0.01 to 0.31.
    Request,
    /// Classes 2, 4 and 5.
    Response,
    /// Class 7, on reliable transports only.
    Signaling,
    /// Classes 1, 3 and 6.
    Reserved,
}

/// What a payload means under a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadUse {
    /// None is defined; receivers ignore it.
    Undefined,
    /// None may be there.
    Forbidden,
    /// It may be there.
    Optional,
    /// It normally is there.
    Expected,
    /// A text for whoever debugs, unless a Content-Format says otherwise.
    Diagnostic,
}

/// What is known of a registered code.
#[derive(Debug)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// Its registered name.
    pub name: &'static str,
    /// Source.
    pub reference: &'static str,
    /// One sentence of explanation.
    pub meaning: &'static str,
    /// What a payload means under it.
    pub payload: PayloadUse,
    /// Whether a cache may keep the response (RFC 7252 section 5.9).
    pub cacheable: bool,
    /// Methods that it typically answers; empty for requests and where any may be answered.
    pub methods: &'static [Code],
    /// The corresponding method or status of HTTP (RFC 8075); empty where there is none.
    pub http: &'static str,
}

macro_rules! codes {
    ($($konst:ident $class:literal $detail:literal $name:literal $reference:literal $payload:ident $cacheable:literal [$($method:ident)*] $http:literal $meaning:literal)*) => {
        impl Code {
            $(#[doc = $meaning] pub const $konst: Self = Self::new($class, $detail);)*
        }

        /// Every registered code, rising.
        pub static CODES: &[CodeRow] = &[
            $(CodeRow {
                code: Code::$konst,
                name: $name,
                reference: $reference,
                meaning: $meaning,
                payload: PayloadUse::$payload,
                cacheable: $cacheable,
                methods: &[$(Code::$method,)*],
                http: $http,
            },)*
        ];
    };
}

// constant, class and detail, name, source, payload, cacheable, methods answered, HTTP, meaning
codes! {
    EMPTY 0 0 "Empty" "RFC 7252 section 4.1" Forbidden false [] "" "Neither a request nor a response: the code of a ping, an empty Acknowledgement or a Reset."
    GET 0 1 "GET" "RFC 7252 section 5.8.1" Undefined false [] "GET" "Fetches a representation of the resource, and changes nothing."
    POST 0 2 "POST" "RFC 7252 section 5.8.2" Optional false [] "POST" "Hands the payload to the resource to act on; sending it twice may act twice."
    PUT 0 3 "PUT" "RFC 7252 section 5.8.3" Optional false [] "PUT" "Creates the resource or replaces its state; sending it twice does no more than once."
    DELETE 0 4 "DELETE" "RFC 7252 section 5.8.4" Undefined false [] "DELETE" "Removes the resource; sending it twice does no more than once."
    FETCH 0 5 "FETCH" "RFC 8132 section 2" Expected false [] "SEARCH or QUERY" "Like GET, with a payload that says which part is wanted."
    PATCH 0 6 "PATCH" "RFC 8132 section 3" Expected false [] "PATCH" "Changes a part of the resource, all or nothing; sending it twice may change it twice."
    IPATCH 0 7 "iPATCH" "RFC 8132 section 3" Expected false [] "PATCH" "Changes a part of the resource, all or nothing; sending it twice does no more than once."
    CREATED 2 1 "Created" "RFC 7252 section 5.9.1.1" Optional false [POST PUT PATCH IPATCH] "201" "The request made a new resource; Location options say where, if not at the request's own URI."
    DELETED 2 2 "Deleted" "RFC 7252 section 5.9.1.2" Optional false [DELETE POST] "204 or 200" "The resource does not exist (any more)."
    VALID 2 3 "Valid" "RFC 7252 section 5.9.1.3" Forbidden true [GET FETCH] "304 or 200" "The version that the client has stored, named by the ETag here, is still the current one."
    CHANGED 2 4 "Changed" "RFC 7252 section 5.9.1.4" Optional false [POST PUT PATCH IPATCH] "204 or 200" "The request changed the state of the resource."
    CONTENT 2 5 "Content" "RFC 7252 section 5.9.1.5" Expected true [GET FETCH] "200" "The payload is the representation that was asked for."
    CONTINUE 2 31 "Continue" "RFC 7959 section 2.9.1" Forbidden false [PUT POST FETCH PATCH IPATCH] "" "The block has arrived and the next one may come; the final answer follows the last block."
    BAD_REQUEST 4 0 "Bad Request" "RFC 7252 section 5.9.2.1" Diagnostic true [] "400" "The server made no sense of the request."
    UNAUTHORIZED 4 1 "Unauthorized" "RFC 7252 section 5.9.2.2" Diagnostic true [] "403" "The client may not do this before it proves who it is, or sends back the Echo value given here."
    BAD_OPTION 4 2 "Bad Option" "RFC 7252 section 5.9.2.3" Diagnostic true [] "400 or 500" "The request has a critical option that the server does not know or cannot use."
    FORBIDDEN 4 3 "Forbidden" "RFC 7252 section 5.9.2.4" Diagnostic true [] "403" "The server understood and refuses."
    NOT_FOUND 4 4 "Not Found" "RFC 7252 section 5.9.2.5" Diagnostic true [] "404" "The server has no such resource."
    METHOD_NOT_ALLOWED 4 5 "Method Not Allowed" "RFC 7252 section 5.9.2.6" Diagnostic true [] "400 or 405" "The resource does not offer this method, or nobody knows it."
    NOT_ACCEPTABLE 4 6 "Not Acceptable" "RFC 7252 section 5.9.2.7" Diagnostic true [] "406" "The server cannot produce the format that Accept asks for."
    REQUEST_ENTITY_INCOMPLETE 4 8 "Request Entity Incomplete" "RFC 7959 section 2.9.2" Diagnostic true [] "" "Blocks of the request body have not arrived, are out of order, or have expired."
    CONFLICT 4 9 "Conflict" "RFC 8132 section 3.4" Diagnostic true [] "409" "The change does not go together with the present state of the resource."
    PRECONDITION_FAILED 4 12 "Precondition Failed" "RFC 7252 section 5.9.2.8" Diagnostic true [] "412" "The condition set by If-Match or If-None-Match does not hold."
    REQUEST_ENTITY_TOO_LARGE 4 13 "Request Entity Too Large" "RFC 7252 section 5.9.2.9; RFC 7959 section 2.9.3" Diagnostic true [] "413" "The body is more than the server takes; Size1 tells its limit, Block1 a block size that it prefers."
    UNSUPPORTED_CONTENT_FORMAT 4 15 "Unsupported Content-Format" "RFC 7252 section 5.9.2.10" Diagnostic true [] "415" "The server does not read the format of the payload."
    UNPROCESSABLE_ENTITY 4 22 "Unprocessable Entity" "RFC 8132 sections 2.2, 3.4" Diagnostic true [] "422" "The server reads the format and the payload is well formed, but it cannot be carried out."
    TOO_MANY_REQUESTS 4 29 "Too Many Requests" "RFC 8516" Diagnostic true [] "429" "The client asks too often and should wait for Max-Age seconds."
    INTERNAL_SERVER_ERROR 5 0 "Internal Server Error" "RFC 7252 section 5.9.3.1" Diagnostic true [] "500" "Something failed inside the server."
    NOT_IMPLEMENTED 5 1 "Not Implemented" "RFC 7252 section 5.9.3.2" Diagnostic true [] "501" "The server has no such function."
    BAD_GATEWAY 5 2 "Bad Gateway" "RFC 7252 section 5.9.3.3" Diagnostic true [] "502" "A proxy received a response that it cannot use."
    SERVICE_UNAVAILABLE 5 3 "Service Unavailable" "RFC 7252 section 5.9.3.4" Diagnostic true [] "503" "Not now: the client may try again after Max-Age seconds."
    GATEWAY_TIMEOUT 5 4 "Gateway Timeout" "RFC 7252 section 5.9.3.5" Diagnostic true [] "504" "A proxy waited for a response in vain."
    PROXYING_NOT_SUPPORTED 5 5 "Proxying Not Supported" "RFC 7252 section 5.9.3.6" Diagnostic true [] "502" "The endpoint does not act as a proxy for that URI."
    HOP_LIMIT_REACHED 5 8 "Hop Limit Reached" "RFC 8768" Diagnostic true [] "508" "The request ran through too many proxies; the payload names them."
    CSM 7 1 "CSM" "RFC 8323 section 5.3" Diagnostic false [] "" "Capabilities and settings: the first message of each side on a connection."
    PING 7 2 "Ping" "RFC 8323 section 5.4" Diagnostic false [] "" "Asks for a sign of life over a connection."
    PONG 7 3 "Pong" "RFC 8323 section 5.4" Diagnostic false [] "" "Answers a Ping and carries its token."
    RELEASE 7 4 "Release" "RFC 8323 section 5.5" Diagnostic false [] "" "Asks the peer to finish and then close the connection."
    ABORT 7 5 "Abort" "RFC 8323 section 5.6" Diagnostic false [] "" "Announces that the sender closes the connection at once."
}

impl Code {
    /// The code of a class (0 to 7) and a detail (0 to 31).
    pub const fn new(class: u8, detail: u8) -> Self {
        Self((class & 7) << 5 | detail & 31)
    }

    /// Class, 0 to 7.
    pub const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// Detail, 0 to 31.
    pub const fn detail(self) -> u8 {
        self.0 & 31
    }

    /// What the code is for.
    pub const fn kind(self) -> CodeKind {
        match (self.class(), self.detail()) {
            (0, 0) => CodeKind::Empty,
            (0, _) => CodeKind::Request,
            (2 | 4 | 5, _) => CodeKind::Response,
            (7, _) => CodeKind::Signaling,
            _ => CodeKind::Reserved,
        }
    }

    /// 0.00.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// 0.01 to 0.31.
    pub const fn is_request(self) -> bool {
        self.0 >= 1 && self.0 <= 31
    }

    /// Classes 2, 4 and 5.
    pub const fn is_response(self) -> bool {
        matches!(self.class(), 2 | 4 | 5)
    }

    /// Class 2.
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// Classes 4 and 5.
    pub const fn is_error(self) -> bool {
        matches!(self.class(), 4 | 5)
    }

    /// Class 7.
    pub const fn is_signaling(self) -> bool {
        self.class() == 7
    }

    /// Classes 1, 3 and 6.
    pub const fn is_reserved(self) -> bool {
        matches!(self.class(), 1 | 3 | 6)
    }

    /// What is known of it, if it is registered.
    pub fn row(self) -> Option<&'static CodeRow> {
        ROWS.get(usize::from(self.0)).copied().flatten()
    }

    /// Its registered name, such as `GET` or `Content`.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// Its name, or what an unregistered code counts as.
    pub fn description(self) -> &'static str {
        match (self.name(), self.class()) {
            (Some(name), _) => name,
            (None, 0) => "unknown method",
            (None, 2) => "unknown success",
            (None, 4) => "unknown client error",
            (None, 5) => "unknown server error",
            (None, 7) => "unknown signaling code",
            _ => "reserved",
        }
    }
}

/// The row of every code.
static ROWS: [Option<&'static CodeRow>; 256] = rows();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses an index out of range")]
const fn rows() -> [Option<&'static CodeRow>; 256] {
    let mut rows = [None; 256];
    let mut at = 0;
    while at < CODES.len() {
        rows[CODES[at].code.0 as usize] = Some(&CODES[at]);
        at += 1;
    }
    rows
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.class(), self.detail())
    }
}
