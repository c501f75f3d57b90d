//! The structure of COSE messages and keys (RFC 9052), CWTs (RFC 8392) and problem details (RFC 9290): names for their numbers.
//! Nothing is decrypted, and no signature is verified.

use super::walk::Walk;
use super::{Item, Subject, Value, cbor, time};
use crate::coap::ContentFormat;
use crate::coap::flaw::Flaw;

/// Levels that a payload takes: tag, array, string, and what a body inside a string counts for.
const LEVELS: usize = 3 + cbor::EMBEDDED;

/// A COSE message: its tag, its name, and what its array holds (RFC 9052 sections 4 to 6).
struct Shape {
    tag: u64,
    name: &'static str,
    parts: &'static [&'static str],
}

const SHAPES: &[Shape] = &[
    Shape { tag: 16, name: "COSE_Encrypt0", parts: &["protected", "unprotected", "ciphertext"] },
    Shape { tag: 17, name: "COSE_Mac0", parts: &["protected", "unprotected", "payload", "tag"] },
    Shape { tag: 18, name: "COSE_Sign1", parts: &["protected", "unprotected", "payload", "signature"] },
    Shape { tag: 96, name: "COSE_Encrypt", parts: &["protected", "unprotected", "ciphertext", "recipients"] },
    Shape { tag: 97, name: "COSE_Mac", parts: &["protected", "unprotected", "payload", "tag", "recipients"] },
    Shape { tag: 98, name: "COSE_Sign", parts: &["protected", "unprotected", "payload", "signatures"] },
];

/// What the array of a recipient, and of a signature, holds.
const RECIPIENT: &[&str] = &["protected", "unprotected", "ciphertext", "recipients"];
const SIGNATURE: &[&str] = &["protected", "unprotected", "signature"];

/// Numbers and what they stand for, in one kind of map.
type Labels = &'static [(i64, &'static str)];

/// Headers (IANA, COSE Header Parameters).
static HEADERS: Labels = &[
    (1, "alg"),
    (2, "crit"),
    (3, "content type"),
    (4, "kid"),
    (5, "IV"),
    (6, "Partial IV"),
    (7, "counter signature"),
    (9, "counter signature 0"),
    (10, "kid context"),
    (11, "counter signature v2"),
    (12, "counter signature 0 v2"),
    (13, "kcwt"),
    (14, "kccs"),
    (15, "CWT claims"),
    (16, "type"),
    (32, "x5bag"),
    (33, "x5chain"),
    (34, "x5t"),
    (35, "x5u"),
];

/// Algorithms (IANA, COSE Algorithms).
static ALGORITHMS: Labels = &[
    (-8, "EdDSA"),
    (-7, "ES256"),
    (-35, "ES384"),
    (-36, "ES512"),
    (-37, "PS256"),
    (-38, "PS384"),
    (-39, "PS512"),
    (-47, "ES256K"),
    (-257, "RS256"),
    (-258, "RS384"),
    (-259, "RS512"),
    (-16, "SHA-256"),
    (-3, "A128KW"),
    (-4, "A192KW"),
    (-5, "A256KW"),
    (-6, "direct"),
    (-10, "direct+HKDF-SHA-256"),
    (-11, "direct+HKDF-SHA-512"),
    (-12, "direct+HKDF-AES-128"),
    (-13, "direct+HKDF-AES-256"),
    (-25, "ECDH-ES + HKDF-256"),
    (-26, "ECDH-ES + HKDF-512"),
    (-27, "ECDH-SS + HKDF-256"),
    (-28, "ECDH-SS + HKDF-512"),
    (-29, "ECDH-ES + A128KW"),
    (-30, "ECDH-ES + A192KW"),
    (-31, "ECDH-ES + A256KW"),
    (-32, "ECDH-SS + A128KW"),
    (-33, "ECDH-SS + A192KW"),
    (-34, "ECDH-SS + A256KW"),
    (1, "A128GCM"),
    (2, "A192GCM"),
    (3, "A256GCM"),
    (4, "HMAC 256/64"),
    (5, "HMAC 256/256"),
    (6, "HMAC 384/384"),
    (7, "HMAC 512/512"),
    (10, "AES-CCM-16-64-128"),
    (11, "AES-CCM-16-64-256"),
    (12, "AES-CCM-64-64-128"),
    (13, "AES-CCM-64-64-256"),
    (14, "AES-MAC 128/64"),
    (15, "AES-MAC 256/64"),
    (24, "ChaCha20/Poly1305"),
    (25, "AES-MAC 128/128"),
    (26, "AES-MAC 256/128"),
    (30, "AES-CCM-16-128-128"),
    (31, "AES-CCM-16-128-256"),
    (32, "AES-CCM-64-128-128"),
    (33, "AES-CCM-64-128-256"),
];

/// Curves (IANA, COSE Elliptic Curves).
static CURVES: Labels = &[
    (1, "P-256"),
    (2, "P-384"),
    (3, "P-521"),
    (4, "X25519"),
    (5, "X448"),
    (6, "Ed25519"),
    (7, "Ed448"),
    (8, "secp256k1"),
];

/// Parameters of a key (IANA, COSE Key Common Parameters).
static KEY: Labels = &[(1, "kty"), (2, "kid"), (3, "alg"), (4, "key_ops"), (5, "Base IV")];

/// A type of key, its name, and what its own parameters are (IANA, COSE Key Types and COSE Key Type Parameters).
static KEY_TYPES: &[(i128, &str, Labels)] = &[
    (1, "OKP", &[(-1, "crv"), (-2, "x"), (-4, "d")]),
    (2, "EC2", &[(-1, "crv"), (-2, "x"), (-3, "y"), (-4, "d")]),
    (
        3,
        "RSA",
        &[
            (-1, "n"),
            (-2, "e"),
            (-3, "d"),
            (-4, "p"),
            (-5, "q"),
            (-6, "dP"),
            (-7, "dQ"),
            (-8, "qInv"),
            (-9, "other"),
            (-10, "r_i"),
            (-11, "d_i"),
            (-12, "t_i"),
        ],
    ),
    (4, "Symmetric", &[(-1, "k")]),
    (5, "HSS-LMS", &[(-1, "pub")]),
];

/// Claims (IANA, CWT Claims).
static CLAIMS: Labels = &[
    (1, "iss"),
    (2, "sub"),
    (3, "aud"),
    (4, "exp"),
    (5, "nbf"),
    (6, "iat"),
    (7, "cti"),
    (8, "cnf"),
    (9, "scope"),
    (10, "nonce"),
    (38, "ace_profile"),
    (39, "cnonce"),
    (40, "exi"),
];

/// Standard details (RFC 9290 section 5).
static PROBLEM: Labels = &[
    (-1, "title"),
    (-2, "detail"),
    (-3, "instance"),
    (-4, "response code"),
    (-5, "base URI"),
    (-6, "base language"),
    (-7, "base direction"),
];

/// Parameters of token requests and answers (IANA, OAuth Parameters CBOR Mappings).
static ACE: Labels = &[
    (1, "access_token"),
    (2, "expires_in"),
    (4, "req_cnf"),
    (5, "audience"),
    (8, "cnf"),
    (9, "scope"),
    (24, "client_id"),
    (25, "client_secret"),
    (26, "response_type"),
    (27, "redirect_uri"),
    (28, "state"),
    (29, "code"),
    (30, "error"),
    (31, "error_description"),
    (32, "error_uri"),
    (33, "grant_type"),
    (34, "token_type"),
    (35, "username"),
    (36, "password"),
    (37, "refresh_token"),
    (38, "ace_profile"),
    (39, "cnonce"),
    (41, "rs_cnf"),
];

fn name_of(labels: Labels, number: i128) -> Option<&'static str> {
    labels.iter().find(|(known, _)| i128::from(*known) == number).map(|(_, name)| *name)
}

/// Names the members of a map that have a number for a key.
fn label(map: &mut Item, labels: Labels) {
    for member in map.children.iter_mut().filter(|member| member.is_notation) {
        let Some(name) = member.name.parse().ok().and_then(|number| name_of(labels, number)) else { continue };
        member.meaning = name.to_owned();
        let is_header_or_key = std::ptr::eq(labels, HEADERS) || std::ptr::eq(labels, KEY);
        let values = match name {
            "alg" if is_header_or_key => ALGORITHMS,
            // A name that only keys have.
            "crv" => CURVES,
            _ => &[],
        };
        if let Some(value) = member.as_integer().and_then(|number| name_of(values, number)) {
            member.meaning = format!("{name}: {value}");
        }
        let is_date = std::ptr::eq(labels, CLAIMS) && matches!(name, "exp" | "nbf" | "iat");
        if let Some(text) = member.as_number().filter(|_| is_date).and_then(time::utc) {
            member.meaning = format!("{name}: {text}");
        }
        if name == "cnf"
            && let Some(key) = member.children.first_mut().filter(|key| key.name == "1")
        {
            key.meaning = "COSE_Key".into();
            label_key(key);
        }
    }
}

/// Names the parameters of a key, those of its type by its type.
fn label_key(key: &mut Item) {
    label(key, KEY);
    let kty = key.children.iter_mut().find(|member| member.is_notation && member.name == "1");
    let Some((kty, number)) = kty.and_then(|kty| kty.as_integer().map(|number| (kty, number))) else { return };
    let Some((_, name, own)) = KEY_TYPES.iter().find(|row| row.0 == number) else { return };
    kty.meaning = format!("kty: {name}");
    label(key, own);
}

/// Names in a map that is the whole body, tagged or not.
fn labelled(body: &[u8], labels: Labels, walk: &mut Walk) -> Vec<Item> {
    let mut items = cbor::decode(body, walk);
    match items.first_mut().map(untagged) {
        Some(map) if matches!(map.value, Value::Map(_)) => label(map, labels),
        Some(Item { value: Value::Rest(_), .. }) | None => {}
        Some(other) => walk.flaw(Flaw::Structure, other.bytes.clone()),
    }
    items
}

/// Problem details.
pub(super) fn problem(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = labelled(body, PROBLEM, walk);
    let root = items.first_mut().map(untagged);
    // There is one member at least (RFC 9290 section 2).
    if let Some(root) = root.as_ref().filter(|root| matches!(root.value, Value::Map(_)) && root.children.is_empty())
        && !walk.is_broken_in(&root.bytes)
    {
        walk.flaw(Flaw::Structure, root.bytes.clone());
    }
    for member in root.into_iter().flat_map(|root| &mut root.children).filter(|member| member.is_notation) {
        if !fits_problem(member) && !walk.is_broken_in(&member.bytes) {
            walk.flaw(Flaw::Kind, member.bytes.clone());
        }
        if member.name == "-4"
            && let Some(code) = member.as_integer().and_then(|code| u8::try_from(code).ok()).map(crate::coap::Code)
        {
            member.meaning = format!("response code: {code} {}", code.description());
        }
    }
    items
}

/// Whether a member of problem details has a value of the kind that its key asks for (RFC 9290 section 2).
fn fits_problem(member: &Item) -> bool {
    let is_text = matches!(member.value, Value::Text(_) | Value::Pieces { text: true });
    match member.name.as_str() {
        // Text with its language as well (RFC 9290 appendix A).
        "-1" | "-2" => is_text || matches!(member.value, Value::Tag(38)),
        "-3" | "-5" | "-6" => is_text,
        "-4" => member.as_integer().is_some_and(|code| (0..=255).contains(&code)),
        "-7" => matches!(member.value, Value::Bool(_) | Value::Null),
        _ => true,
    }
}

/// A set of claims without protection (RFC 9781).
pub(super) fn claims(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    labelled(body, CLAIMS, walk)
}

/// What goes to and comes from an authorization server (RFC 9200).
pub(super) fn ace(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    labelled(body, ACE, walk)
}

/// A key.
pub(super) fn key(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = labelled(body, KEY, walk);
    items.first_mut().map(untagged).into_iter().for_each(label_key);
    items
}

/// Keys in an array.
pub(super) fn key_set(body: &[u8], walk: &mut Walk) -> Vec<Item> {
    let mut items = cbor::decode(body, walk);
    let Some(root) = items.first_mut().map(untagged) else { return items };
    needs(root, |value| matches!(value, Value::List(_)), walk);
    for key in &mut root.children {
        needs(key, |value| matches!(value, Value::Map(_)), walk);
        label_key(key);
    }
    items
}

/// Notes an item that is not what it is to be; what could not be read is told already.
fn needs(item: &Item, fits: fn(&Value) -> bool, walk: &mut Walk) {
    if !fits(&item.value) && !matches!(item.value, Value::Rest(_)) {
        walk.flaw(Flaw::Structure, item.bytes.clone());
    }
}

fn untagged(item: &mut Item) -> &mut Item {
    if matches!(item.value, Value::Tag(_)) && !item.children.is_empty() {
        // Taken out of the condition, since the borrow checker cannot see that the branch returns.
        return untagged(&mut item.children[0]);
    }
    item
}

/// A COSE message of the kind that its tag or, without one, `tag` says. Of a CWT the payload is a set of claims.
pub(super) fn message(body: &[u8], tag: Option<u64>, is_cwt: bool, walk: &mut Walk) -> Vec<Item> {
    let mut items = cbor::decode(body, walk);
    let has_ended = walk.problems.iter().any(|problem| !problem.flaw.is_readable());
    let Some(root) = items.first_mut() else { return items };
    let told = innermost_tag(root);
    let contradicts = told.is_some_and(|told| tag.is_some_and(|tag| tag != told));
    let tag = told.or(tag);
    let item = untagged(root);
    if contradicts {
        let bytes = item.bytes.clone();
        walk.flaw(Flaw::Structure, bytes);
    }
    let count = item.children.len();
    let names = match SHAPES.iter().find(|shape| Some(shape.tag) == tag) {
        // Of one that breaks off, what is there.
        Some(shape) if count == shape.parts.len() || count < shape.parts.len() && has_ended => {
            item.meaning = shape.name.to_owned();
            Some(shape.parts)
        }
        // Without a tag, what a CWT is protected by follows from elsewhere (RFC 8392 section 7.2).
        None if is_cwt && tag.is_none() => untagged_parts(&item.children),
        _ => None,
    };
    match names {
        Some(names) if matches!(item.value, Value::List(_)) => parts(item, names, is_cwt, body, walk),
        _ if has_ended => {}
        _ => needs(item, |_| false, walk),
    }
    items
}

/// What the array of a CWT without a tag holds. Where four items end in bytes, nobody can tell a signature from a tag; where they end in an
/// array, nobody can tell what was signed from what was encrypted.
fn untagged_parts(items: &[Item]) -> Option<&'static [&'static str]> {
    match items {
        [_, _, _] => Some(&["protected", "unprotected", "ciphertext"]),
        [_, _, _, Item { value: Value::Bytes(_), .. }] => {
            Some(&["protected", "unprotected", "payload", "tag or signature"])
        }
        [_, _, _, Item { value: Value::List(_), .. }] => Some(&["protected", "unprotected"]),
        [_, _, _, _, _] => Some(&["protected", "unprotected", "payload", "tag", "recipients"]),
        _ => None,
    }
}

/// The innermost of the tags around an item that names a COSE message.
fn innermost_tag(item: &Item) -> Option<u64> {
    let Value::Tag(tag) = item.value else { return None };
    let inner = item.children.first().and_then(innermost_tag);
    inner.or_else(|| SHAPES.iter().any(|shape| shape.tag == tag).then_some(tag))
}

/// Names the parts of a message, a recipient or a signature, and reads those that hold CBOR. Its depth is that of the items.
fn parts(item: &mut Item, names: &'static [&'static str], is_cwt: bool, body: &[u8], walk: &mut Walk) {
    let mut content_type = None;
    for (part, name) in item.children.iter_mut().zip(names) {
        part.meaning = (*name).to_owned();
        needs(part, kind_of(name), walk);
        match *name {
            "protected" => {
                cbor::embed(part, body, 3, walk);
                if let Some(map) = part.children.first_mut() {
                    needs(map, |value| matches!(value, Value::Map(_)), walk);
                    label(map, HEADERS);
                    content_type = format_in(map).or(content_type);
                }
            }
            "unprotected" => {
                label(part, HEADERS);
                content_type = format_in(part).or(content_type);
            }
            "payload" if is_cwt => {
                cbor::embed(part, body, 3, walk);
                if let Some(map) = part.children.first_mut() {
                    label(map, CLAIMS);
                }
            }
            "payload" => inside(part, content_type, walk),
            "recipients" | "signatures" => {
                let names = if *name == "recipients" { RECIPIENT } else { SIGNATURE };
                for one in &mut part.children {
                    needs(one, |value| matches!(value, Value::List(_)), walk);
                    parts(one, names, false, body, walk);
                }
            }
            _ => {}
        }
    }
}

/// What a part of that name is to be (RFC 9052 sections 3 to 6).
fn kind_of(name: &str) -> fn(&Value) -> bool {
    match name {
        "unprotected" => |value| matches!(value, Value::Map(_)),
        "payload" | "ciphertext" => {
            |value| matches!(value, Value::Bytes(_) | Value::Pieces { text: false } | Value::Null)
        }
        "recipients" | "signatures" => |value| matches!(value, Value::List(_)),
        _ => |value| matches!(value, Value::Bytes(_) | Value::Pieces { text: false }),
    }
}

/// The Content-Format in the headers.
fn format_in(headers: &Item) -> Option<ContentFormat> {
    let content_type = headers.children.iter().find(|header| header.is_notation && header.name == "3")?;
    u16::try_from(content_type.as_integer()?).ok().map(ContentFormat)
}

/// Reads a payload whose format the headers name.
fn inside(part: &mut Item, format: Option<ContentFormat>, walk: &mut Walk) {
    let Value::Bytes(bytes) = &part.value else { return };
    let levels = walk.levels;
    let Some(format) = format.filter(|_| !bytes.is_empty()) else { return };
    if levels <= LEVELS {
        if super::form_of(format).is_some() {
            walk.flaw(Flaw::TooDeep, part.bytes.clone());
        }
        return;
    }
    walk.levels = levels - LEVELS;
    let (start, known) = (part.bytes.end - bytes.len(), walk.problems.len());
    let subject = Subject { format: Some(format), ..Subject::default() };
    let (form, mut inner) = super::by_format(bytes, format, &subject, walk);
    walk.levels = levels;
    walk.shift(known, start);
    inner.iter_mut().for_each(|item| item.shift(start));
    part.meaning = format!("payload: {form}");
    part.children = inner;
}
