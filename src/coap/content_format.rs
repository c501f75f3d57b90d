//! Content-Formats: every registered number, and the older ones that are still met (RFC 7252 section 12.3).

use std::fmt;

/// Number of a Content-Format, as Content-Format and Accept carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentFormat(pub u16);

/// Standing of a number in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatStatus {
    /// Registered.
    Assigned,
    /// Registered by a document that is not an RFC yet.
    Draft,
    /// Registered until a date.
    Temporary,
    /// Kept free.
    Reserved,
    /// For experiments.
    Experimental,
}

/// What is known of a registered Content-Format.
#[derive(Debug)]
pub struct ContentFormatRow {
    /// First number of the row.
    pub number: u16,
    /// Last number of the row; the same but for reserved ranges.
    pub last: u16,
    /// Media type with its parameters.
    pub media_type: &'static str,
    /// Content coding; empty for none.
    pub coding: &'static str,
    /// Standing in the registry.
    pub status: FormatStatus,
    /// Source.
    pub reference: &'static str,
}

/// Why a number is in the table of old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyStatus {
    /// It was never registered, or is not any more.
    Unassigned,
    /// It means something else today.
    Reassigned,
    /// It means the same under another name.
    Renamed,
}

/// A number, or the name of a number, from before it was registered.
#[derive(Debug)]
pub struct LegacyFormatRow {
    /// The number.
    pub number: u16,
    /// Media type that it stands for there.
    pub media_type: &'static str,
    /// Why it is in this table.
    pub status: LegacyStatus,
    /// Where it is met.
    pub seen_in: &'static str,
}

macro_rules! content_formats {
    ($($number:literal $last:literal $media_type:literal $coding:literal $status:ident $reference:literal)*) => {
        /// Every registered Content-Format and reserved range, rising.
        pub static CONTENT_FORMATS: &[ContentFormatRow] = &[
            $(ContentFormatRow {
                number: $number,
                last: $last,
                media_type: $media_type,
                coding: $coding,
                status: FormatStatus::$status,
                reference: $reference,
            },)*
        ];
    };
}

macro_rules! legacy_formats {
    ($($number:literal $media_type:literal $status:ident $seen_in:literal)*) => {
        /// Numbers and names from before the registration, rising.
        pub static LEGACY_FORMATS: &[LegacyFormatRow] = &[
            $(LegacyFormatRow { number: $number, media_type: $media_type, status: LegacyStatus::$status, seen_in: $seen_in },)*
        ];
    };
}

// first and last number, media type, content coding, standing, source
content_formats! {
    0 0 "text/plain; charset=utf-8" "" Assigned "RFC 2046; RFC 3676; RFC 5147"
    16 16 "application/cose; cose-type=\"cose-encrypt0\"" "" Assigned "RFC 9052"
    17 17 "application/cose; cose-type=\"cose-mac0\"" "" Assigned "RFC 9052"
    18 18 "application/cose; cose-type=\"cose-sign1\"" "" Assigned "RFC 9052"
    19 19 "application/ace+cbor" "" Assigned "RFC 9200"
    21 21 "image/gif" "" Assigned "https://www.w3.org/Graphics/GIF/spec-gif89a.txt"
    22 22 "image/jpeg" "" Assigned "ISO/IEC 10918-5"
    23 23 "image/png" "" Assigned "PNG"
    40 40 "application/link-format" "" Assigned "RFC 6690"
    41 41 "application/xml" "" Assigned "RFC 3023"
    42 42 "application/octet-stream" "" Assigned "RFC 2045; RFC 2046"
    47 47 "application/exi" "" Assigned "Efficient XML Interchange (EXI) Format 1.0 (Second Edition), February 2014"
    50 50 "application/json" "" Assigned "RFC 8259"
    51 51 "application/json-patch+json" "" Assigned "RFC 6902"
    52 52 "application/merge-patch+json" "" Assigned "RFC 7396"
    60 60 "application/cbor" "" Assigned "RFC 8949"
    61 61 "application/cwt" "" Assigned "RFC 8392"
    62 62 "application/multipart-core" "" Assigned "RFC 8710"
    63 63 "application/cbor-seq" "" Assigned "RFC 8742"
    64 64 "application/edhoc+cbor-seq" "" Assigned "RFC 9528"
    65 65 "application/cid-edhoc+cbor-seq" "" Assigned "RFC 9528"
    96 96 "application/cose; cose-type=\"cose-encrypt\"" "" Assigned "RFC 9052"
    97 97 "application/cose; cose-type=\"cose-mac\"" "" Assigned "RFC 9052"
    98 98 "application/cose; cose-type=\"cose-sign\"" "" Assigned "RFC 9052"
    101 101 "application/cose-key" "" Assigned "RFC 9052"
    102 102 "application/cose-key-set" "" Assigned "RFC 9052"
    110 110 "application/senml+json" "" Assigned "RFC 8428"
    111 111 "application/sensml+json" "" Assigned "RFC 8428"
    112 112 "application/senml+cbor" "" Assigned "RFC 8428"
    113 113 "application/sensml+cbor" "" Assigned "RFC 8428"
    114 114 "application/senml-exi" "" Assigned "RFC 8428"
    115 115 "application/sensml-exi" "" Assigned "RFC 8428"
    140 140 "application/yang-data+cbor; id=sid" "" Assigned "RFC 9254"
    256 256 "application/coap-group+json" "" Assigned "RFC 7390"
    257 257 "application/concise-problem-details+cbor" "" Assigned "RFC 9290"
    258 258 "application/swid+cbor" "" Assigned "RFC 9393"
    259 259 "application/pkixcmp" "" Assigned "RFC 9482; RFC 9811"
    260 260 "application/yang-sid+json" "" Assigned "RFC 9595"
    261 261 "application/ace-groupcomm+cbor" "" Assigned "RFC 9594"
    262 262 "application/ace-trl+cbor" "" Assigned "RFC 9770"
    263 263 "application/eat+cwt" "" Assigned "RFC 9782"
    264 264 "application/eat+jwt" "" Assigned "RFC 9782"
    265 265 "application/eat-bun+cbor" "" Assigned "RFC 9782"
    266 266 "application/eat-bun+json" "" Assigned "RFC 9782"
    267 267 "application/eat-ucs+cbor" "" Assigned "RFC 9782"
    268 268 "application/eat-ucs+json" "" Assigned "RFC 9782"
    269 269 "application/coap-eap" "" Assigned "RFC 9820"
    270 270 "application/suit-report+cose" "" Draft "RFC-ietf-suit-report-19"
    271 271 "application/dots+cbor" "" Assigned "RFC 9132"
    272 272 "application/missing-blocks+cbor-seq" "" Assigned "RFC 9177"
    273 273 "application/cmw+cbor" "" Assigned "RFC 9999, Sections 3.1, 3.2, 3.3"
    274 274 "application/cmw+json" "" Assigned "RFC 9999, Sections 3.1, 3.3"
    275 275 "application/cmw+cose" "" Assigned "RFC 9999, Section 4.1"
    276 276 "application/cmw+jws" "" Assigned "RFC 9999, Section 4.2"
    277 277 "application/scitt-statement+cose" "" Assigned "RFC 9943"
    278 278 "application/scitt-receipt+cose" "" Assigned "RFC 9943"
    279 279 "application/statuslist+cwt" "" Draft "RFC-ietf-oauth-status-list-21"
    280 280 "application/pkcs7-mime; smime-type=server-generated-key" "" Assigned "RFC 7030; RFC 8551; RFC 9148"
    281 281 "application/pkcs7-mime; smime-type=certs-only" "" Assigned "RFC 8551; RFC 9148"
    284 284 "application/pkcs8" "" Assigned "RFC 5958; RFC 8551; RFC 9148"
    285 285 "application/csrattrs" "" Assigned "RFC 7030; RFC 9148"
    286 286 "application/pkcs10" "" Assigned "RFC 5967; RFC 8551; RFC 9148"
    287 287 "application/pkix-cert" "" Assigned "RFC 2585; RFC 9148"
    290 290 "application/aif+cbor" "" Assigned "RFC 9237"
    291 291 "application/aif+json" "" Assigned "RFC 9237"
    292 292 "application/aif+cbor;toid=CRI-local-part" "" Draft "RFC-ietf-core-href-29"
    293 293 "application/sd-cwt" "" Temporary "draft-ietf-spice-sd-cwt-06, Section 5"
    294 294 "application/kb+cwt" "" Temporary "draft-ietf-spice-sd-cwt-06, Section 8.1"
    295 295 "application/measured-component+cbor" "" Assigned "RFC 10013"
    296 296 "application/measured-component+json" "" Assigned "RFC 10013"
    297 297 "application/aif+cbor;toid=oscore-gname;tperm=oscore-gperm" "" Draft "RFC-ietf-ace-key-groupcomm-oscore-21"
    298 298 "application/aif+json;toid=oscore-gname;tperm=oscore-gperm" "" Draft "RFC-ietf-ace-key-groupcomm-oscore-21"
    299 299 "application/cose-c509-cert+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    300 300 "application/cose-c509+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    301 301 "application/cose-c509+cbor;usage=chain" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    302 302 "application/cose-c509-pkcs10+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    303 303 "application/cose-c509-crtemplate+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    304 304 "application/cose-c509-privkey+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    305 305 "application/cose-c509-pem+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    306 306 "application/cose-certhash+cbor" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    307 307 "application/cose-certhash+cbor;usage=c509" "" Draft "RFC-ietf-cose-cbor-encoded-cert-20"
    310 310 "application/senml+xml" "" Assigned "RFC 8428"
    311 311 "application/sensml+xml" "" Assigned "RFC 8428"
    320 320 "application/senml-etch+json" "" Assigned "RFC 8790"
    322 322 "application/senml-etch+cbor" "" Assigned "RFC 8790"
    340 340 "application/yang-data+cbor" "" Assigned "RFC 9254"
    341 341 "application/yang-data+cbor; id=name" "" Assigned "RFC 9254"
    432 432 "application/td+json" "" Assigned "Web of Things (WoT) Thing Description 1.1, April 2022"
    433 433 "application/tm+json" "" Assigned "Web of Things (WoT) Thing Description 1.1, April 2022"
    434 434 "application/sdf+json" "" Assigned "RFC 9880"
    553 553 "application/dns-message" "" Assigned "RFC 8484; RFC 9953, Section 4.1"
    601 601 "application/uccs+cbor" "" Assigned "RFC 9781, Section 6.4"
    836 836 "application/voucher+cose" "" Temporary "draft-ietf-anima-constrained-voucher-23"
    1542 1543 "Reserved, do not use" "" Reserved "OMA-TS-LightweightM2M-V1 0"
    10000 10000 "application/vnd.ocf+cbor" "" Assigned "Michael Koster"
    10001 10001 "application/oscore" "" Assigned "RFC 8613"
    10002 10002 "application/javascript" "" Assigned "RFC 4329"
    10003 10003 "application/eat+cwt; eat_profile=\"tag:psacertified.org,2023:psa#tfm\"" "" Assigned "RFC 9783"
    10004 10004 "application/eat+cwt; eat_profile=\"tag:psacertified.org,2019:psa#legacy\"" "" Assigned "RFC 9783"
    10005 10005 "application/eat+cwt; eat_profile=2.16.840.1.113741.1.16.1" "" Draft "RFC 9782; draft-cds-rats-intel-corim-profile-05"
    10006 10006 "application/vnd.oms.cellular-cose-content+cbor" "" Assigned "OMS-Group e. V."
    10007 10007 "application/syslog-msg" "" Assigned "https://www.iana.org/assignments/media-types/application/syslog-msg"
    10570 10570 "application/toc+cbor" "" Assigned "CE-Binding, Section 6.3.1"
    10571 10571 "application/ce+cbor" "" Assigned "CE-Binding, Section 6.3.2"
    10572 10572 "application/toc+cbor;profile=2.16.840.1.113741.1.16.1" "" Draft "TCG DICE Concise Evidence Binding for SPDM; draft-cds-rats-intel-corim-profile-05"
    10573 10573 "application/ce+cbor;profile=2.16.840.1.113741.1.16.1" "" Draft "TCG DICE Concise Evidence Binding for SPDM; draft-cds-rats-intel-corim-profile-05"
    11050 11050 "application/json" "deflate" Assigned "RFC 8259; RFC 9110, Section 8.4.1.2"
    11060 11060 "application/cbor" "deflate" Assigned "RFC 8949; RFC 9110, Section 8.4.1.2"
    11542 11542 "application/vnd.oma.lwm2m+tlv" "" Assigned "OMA-TS-LightweightM2M-V1 0"
    11543 11543 "application/vnd.oma.lwm2m+json" "" Assigned "OMA-TS-LightweightM2M-V1 0"
    11544 11544 "application/vnd.oma.lwm2m+cbor" "" Assigned "OMA-TS-LightweightM2M-V1 2"
    12000 12000 "text/plain;charset=utf-8" "zstd" Assigned "Benjamin Valentin"
    12041 12041 "application/xml" "zstd" Assigned "Benjamin Valentin"
    12050 12050 "application/json" "zstd" Assigned "Benjamin Valentin"
    20000 20000 "text/css" "" Assigned "RFC 2318"
    20001 20001 "application/vnd.as207960.vas.config+jer" "" Assigned "AS207960 Cyfyngedig"
    20002 20002 "application/vnd.as207960.vas.config+uper" "" Assigned "AS207960 Cyfyngedig"
    20003 20003 "application/vnd.as207960.vas.tap+jer" "" Assigned "AS207960 Cyfyngedig"
    20004 20004 "application/vnd.as207960.vas.tap+uper" "" Assigned "AS207960 Cyfyngedig"
    30000 30000 "image/svg+xml" "" Assigned "https://www.w3.org/TR/SVG/mimereg.html"
    64998 64999 "Reserved for Documentation" "" Reserved "RFC 9876"
    65000 65535 "Reserved for Experimental Use" "" Experimental "RFC 7252"
}

// number, media type there, standing, where it is met
legacy_formats! {
    1 "text/xml" Unassigned "old drafts, Contiki"
    2 "text/csv" Unassigned "old drafts, Contiki"
    3 "text/html" Unassigned "old drafts, Contiki"
    43 "application/rdf+xml" Unassigned "libcoap"
    46 "application/xmpp+xml" Unassigned "Californium"
    48 "application/x-obix-binary" Unassigned "draft-ietf-core-coap-03"
    49 "application/fastinfoset" Unassigned "draft-ietf-core-coap-03"
    50 "application/soap+fastinfoset" Reassigned "draft-ietf-core-coap-03"
    51 "application/json" Reassigned "draft-ietf-core-coap-03"
    114 "application/senml+exi" Renamed "Californium's spelling"
    836 "application/voucher-cose+cbor" Renamed "name before the registration changed"
    1541 "application/vnd.oma.lwm2m+text" Unassigned "before LwM2M 1.0"
    1542 "application/vnd.oma.lwm2m+tlv" Unassigned "before LwM2M 1.0"
    1543 "application/vnd.oma.lwm2m+json" Unassigned "before LwM2M 1.0"
    1544 "application/vnd.oma.lwm2m+opaque" Unassigned "before LwM2M 1.0"
}

impl ContentFormat {
    /// text/plain; charset=utf-8
    pub const TEXT: Self = Self(0);
    /// application/link-format
    pub const LINK_FORMAT: Self = Self(40);
    /// application/xml
    pub const XML: Self = Self(41);
    /// application/octet-stream
    pub const OCTET_STREAM: Self = Self(42);
    /// application/json
    pub const JSON: Self = Self(50);
    /// application/cbor
    pub const CBOR: Self = Self(60);
    /// application/missing-blocks+cbor-seq (RFC 9177 section 5)
    pub const MISSING_BLOCKS: Self = Self(272);

    /// What is known of it, if it is registered or reserved.
    pub fn row(self) -> Option<&'static ContentFormatRow> {
        let at = CONTENT_FORMATS.partition_point(|row| row.last < self.0);
        CONTENT_FORMATS.get(at).filter(|row| row.number <= self.0)
    }

    /// Its older meaning, where there is one.
    pub fn legacy(self) -> Option<&'static LegacyFormatRow> {
        let at = LEGACY_FORMATS.binary_search_by_key(&self.0, |row| row.number).ok()?;
        LEGACY_FORMATS.get(at)
    }

    /// Whether it names a format today.
    pub fn is_registered(self) -> bool {
        self.row().is_some_and(|row| !matches!(row.status, FormatStatus::Reserved | FormatStatus::Experimental))
    }

    /// Whether it only has an older meaning.
    pub fn is_deprecated(self) -> bool {
        !self.is_registered() && self.legacy().is_some()
    }

    /// Its media type, today's before an older one; None for a number that nobody knows.
    pub fn media_type(self) -> Option<&'static str> {
        match self.row() {
            Some(row) if self.is_registered() => Some(row.media_type),
            row => self.legacy().map(|legacy| legacy.media_type).or(row.map(|row| row.media_type)),
        }
    }
}

impl fmt::Display for ContentFormat {
    /// Media type and coding, or the number where there is no name for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.media_type(), self.row().map_or("", |row| row.coding)) {
            (None, _) => write!(f, "{}", self.0),
            (Some(name), "") => f.write_str(name),
            (Some(name), coding) => write!(f, "{name}, {coding}"),
        }
    }
}
