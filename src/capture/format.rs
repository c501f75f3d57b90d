//! What a file is, by its first bytes.

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Classic,
    Blocks,
    Gzip,
    /// Compressed in another way.
    Compressed(Method),
    /// No capture; it looks like this.
    Unknown(&'static str),
}

/// A way to compress that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Method {
    pub name: &'static str,
    /// The command that unpacks a file, named behind it, to its standard output.
    pub file: &'static str,
    /// The same of standard input, where there is one.
    pub pipe: Option<&'static str>,
}

/// One whose command takes a file or standard input.
const fn packed(name: &'static str, command: &'static str) -> Kind {
    Kind::Compressed(Method { name, file: command, pipe: Some(command) })
}

/// Whether a sound record or block begins at a place behind damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    Yes,
    No,
    /// It may be; what would tell is not there yet.
    Untold,
}

impl Sound {
    /// What is said where too few bytes are there to tell.
    pub fn short(at_end: bool) -> Self {
        if at_end { Self::No } else { Self::Untold }
    }
}

/// Bytes needed to tell.
pub(super) const LOOK: usize = 8;

/// What a gzip file begins with, and each of its members.
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b];

/// First bytes of pcapng.
const SECTION: &[u8] = &[0x0a, 0x0d, 0x0d, 0x0a];

/// First bytes of pcap in its forms.
const CLASSIC: &[[u8; 4]] = &[
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xcd, 0x34],
];

/// Other first bytes, and what begins with them.
const MAGICS: &[(&[u8], Kind)] = &[
    (SECTION, Kind::Blocks),
    (GZIP, Kind::Gzip),
    (&[0x28, 0xb5, 0x2f, 0xfd], packed("zstd", "zstd -dc")),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], packed("xz", "xz -dc")),
    (&[0x5d, 0, 0], packed("lzma", "xz -dc")),
    (b"BZh", packed("bzip2", "bzip2 -dc")),
    (&[0x04, 0x22, 0x4d, 0x18], packed("lz4", "lz4 -dc")),
    (&[0x02, 0x21, 0x4c, 0x18], packed("lz4", "lz4 -dc")),
    (b"LZIP", packed("lzip", "lzip -dc")),
    (b"\x89LZO", packed("lzop", "lzop -dc")),
    (&[0x1f, 0x9d], packed("compress", "uncompress -c")),
    (&[0x78, 0x9c], packed("zlib", "pigz -dc")),
    (&[0x78, 0xda], packed("zlib", "pigz -dc")),
    (b"PK\x03\x04", Kind::Compressed(Method { name: "zip", file: "unzip -p", pipe: Some("funzip") })),
    (b"7z\xbc\xaf\x27\x1c", Kind::Compressed(Method { name: "7z", file: "7z e -so", pipe: None })),
    (b"Rar!\x1a\x07", Kind::Compressed(Method { name: "rar", file: "unrar p -inul", pipe: None })),
    (b"snoop\0\0\0", Kind::Unknown("a capture of Solaris snoop (editcap converts it)")),
    (b"GMBU", Kind::Unknown(NETMON)),
    (b"RTSS", Kind::Unknown(NETMON)),
    (b"iptrace ", Kind::Unknown("a capture of AIX iptrace (editcap converts it)")),
    (b"btsnoop\0", Kind::Unknown("a Bluetooth capture (btsnoop)")),
    (b"XCP\0", Kind::Unknown("a capture of NetXRay (editcap converts it)")),
    (b"TRSNIFF ", Kind::Unknown("a capture of Network General Sniffer (editcap converts it)")),
    (b"\x05VNF", Kind::Unknown("a capture of Visual Networks (editcap converts it)")),
    (b"\x7fver", Kind::Unknown("a capture of OmniPeek (editcap converts it)")),
    (b"ObserverPktBuffe", Kind::Unknown("a capture of Network Instruments Observer (editcap converts it)")),
    (b"\xaa\xaa\xaa\xaa", Kind::Unknown("a capture of 5View (editcap converts it)")),
    (b"\x1c\0\x01\xac", Kind::Unknown(IXIA)),
    (b"\x1c\0\x01\xab", Kind::Unknown(IXIA)),
    (b"\xac\x01\0\x1c", Kind::Unknown(IXIA)),
    (b"\xab\x01\0\x1c", Kind::Unknown(IXIA)),
    (b"LOGG", Kind::Unknown("a log of a vehicle's buses (BLF)")),
    // The magic of pcapng is made to show this.
    (b"\r\n\r\r\r\n", Kind::Unknown(AS_TEXT)),
    (b"\n\r\n", Kind::Unknown(AS_TEXT)),
    (b"\n\n\n\n", Kind::Unknown(AS_TEXT)),
    // The magics of pcap and gzip, of which each byte beyond ASCII became a sign of replacement, a letter in UTF-8, a question mark, or lost
    // its upper bit.
    (b"\xef\xbf\xbd\xc3\xb2\xef\xbf\xbd\x02\0", Kind::Unknown(CHANGED)),
    (b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\0\x02", Kind::Unknown(CHANGED)),
    (b"M<\xef\xbf\xbd\xef\xbf\xbd\x02\0", Kind::Unknown(CHANGED)),
    (b"\x1f\xef\xbf\xbd\x08", Kind::Unknown(CHANGED)),
    (b"\xc3\x94\xc3\x83\xc2\xb2\xc2\xa1", Kind::Unknown(CHANGED)),
    (b"\xc2\xa1\xc2\xb2\xc3\x83\xc3\x94", Kind::Unknown(CHANGED)),
    (b"M<\xc2\xb2\xc2\xa1", Kind::Unknown(CHANGED)),
    (b"\x1f\xc2\x8b\x08", Kind::Unknown(CHANGED)),
    (b"????\x02\0\x04\0", Kind::Unknown(CHANGED)),
    (b"????\0\x02\0\x04", Kind::Unknown(CHANGED)),
    (b"M<??\x02\0\x04\0", Kind::Unknown(CHANGED)),
    (b"\x1f?\x08", Kind::Unknown(CHANGED)),
    (b"TC2!\x02\0\x04\0", Kind::Unknown(CHANGED)),
    (b"!2CT\0\x02\0\x04", Kind::Unknown(CHANGED)),
    // The magics of pcap, pcapng and gzip.
    (b"1MOyoQIABA", Kind::Unknown(BASE64)),
    (b"obLD1AACAA", Kind::Unknown(BASE64)),
    (b"TTyyoQIABA", Kind::Unknown(BASE64)),
    (b"Cg0NC", Kind::Unknown(BASE64)),
    (b"H4sI", Kind::Unknown(BASE64)),
    (b"version https://git-lfs", Kind::Unknown("a pointer of Git LFS (git lfs pull fetches the capture itself)")),
    (b"\x7fELF", Kind::Unknown("a program (ELF)")),
    (b"MZ", Kind::Unknown("a Windows program")),
    (b"\x89PNG", Kind::Unknown("a picture (PNG)")),
    (b"\xff\xd8\xff", Kind::Unknown("a picture (JPEG)")),
    (b"%PDF", Kind::Unknown("a PDF document")),
    (b"SQLite f", Kind::Unknown("an SQLite database")),
    (b"PAR1", Kind::Unknown("a Parquet table")),
    (b"<?xml", Kind::Unknown("XML")),
    (b"<html", Kind::Unknown("HTML")),
    (b"<!", Kind::Unknown("HTML")),
    (b"#!", Kind::Unknown("a script")),
];

const NETMON: &str = "a capture of Microsoft Network Monitor (editcap converts it)";
const IXIA: &str = "a capture of Ixia (editcap converts it)";
const AS_TEXT: &str = "pcapng whose line ends were changed, as if it were text (copy it again, as binary)";
/// What is said of a capture whose bytes were taken for letters.
pub(super) const CHANGED: &str = "a capture whose bytes were changed, as if it were text (copy it again, as binary)";
const BASE64: &str = "a capture in base64 (base64 -d FILE | coapscope - reads it)";
const DUMP: &str = "a hex dump (text2pcap makes a capture of it; `coapscope explain` reads one message)";

/// Bytes by which text is told from other things.
const TEXT: usize = 64;

/// Whether pcap begins here.
pub(super) fn is_classic(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>().is_some_and(|magic| CLASSIC.contains(magic))
}

/// What begins with these bytes.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    if is_classic(bytes) {
        return Kind::Classic;
    }
    // pzstd and some writers of lz4 put a frame in front that is to be skipped (RFC 8878 section 3.1.2).
    if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = bytes {
        return packed("zstd or lz4", "zstd -dc");
    }
    if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *kind;
    }
    // What is cut within its magic is told as one that is cut in its header. A single letter tells nothing.
    let is_begun = |magic: &[u8]| magic.starts_with(bytes) && (bytes.len() > 1 || !bytes.is_ascii());
    if CLASSIC.iter().any(|magic| is_begun(magic)) {
        return Kind::Classic;
    }
    if is_begun(SECTION) {
        return Kind::Blocks;
    }
    let first = bytes.get(..TEXT).unwrap_or(bytes);
    Kind::Unknown(match first {
        // The header of an archive begins with the name of what is in it (POSIX pax, ustar).
        _ if bytes.get(257..262) == Some(b"ustar") => "a tar archive (tar -xOf FILE | coapscope - reads what is in it)",
        _ if first.iter().all(|byte| *byte == 0) => {
            "zeros: perhaps a file that was being written when the machine stopped"
        }
        _ => match text(first) {
            Some(text) => kind_of_text(text.trim_start()),
            None if is_erf(bytes) => "a capture of Endace (ERF; editcap converts it)",
            None => "other binary data",
        },
    })
}

/// These bytes as text, where they are some; the last character may be cut.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
        }
        text => text.ok(),
    };
    text.filter(|text| {
        !text.is_empty() && text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'))
    })
}

/// What text is.
fn kind_of_text(text: &str) -> &'static str {
    let is_hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time =
        |word: &str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    let mut words = text.split_whitespace();
    match [words.next(), words.next(), words.next()].map(Option::unwrap_or_default) {
        ["", ..] => "text",
        [first, ..] if first.starts_with(['{', '[']) => "JSON",
        [time, "IP" | "IP6" | "ARP,", _] if is_time(time) => "what tcpdump prints (tcpdump -w FILE saves a capture)",
        [number, time, _] if is_time(time) && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            "what tshark prints (tshark -w FILE saves a capture)"
        }
        [place, pair, _] if place.len() == 9 && place.ends_with(':') && pair.len() == 4 && is_hex(pair) => {
            "a hex dump of xxd (xxd -r FILE | coapscope - reads it)"
        }
        [place, pair, next]
            if place.len() > 2
                && pair.len() == 2
                && is_hex(place.trim_end_matches(':'))
                && is_hex(pair)
                && is_hex(next) =>
        {
            DUMP
        }
        _ if text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace()) => DUMP,
        _ => "text",
    }
}

/// Whether two records of Endace's format follow each other: a time that counts seconds since 1970 in its upper half, a type, and the length.
fn is_erf(bytes: &[u8]) -> bool {
    let length = |bytes: &[u8]| {
        let record = bytes.first_chunk::<16>()?;
        let [.., a, b, c, d, kind, _, high, low, _, _, _, _] = *record;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let is_time = (946_684_800..4_000_000_000).contains(&u32::from_le_bytes([a, b, c, d]));
        (is_time && (1..=48).contains(&(kind & 0x7f)) && length > 16).then_some(length)
    };
    length(bytes).and_then(|first| bytes.get(first..)).and_then(length).is_some()
}

/// Whether these bytes, where a record of pcap (`classic`) or a block of pcapng should be, can be the header of another file.
#[inline]
pub(super) fn may_begin_file(bytes: &[u8], classic: bool) -> bool {
    match bytes {
        [0xa1 | 0xd4 | 0x4d | 0x34, 0xb2 | 0xc3 | 0x3c | 0xcd, ..] => true,
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => classic,
        _ => false,
    }
}

/// Whether these bytes of a section header, all ones where its length is not told, became something else each, see [`CHANGED`].
pub(super) fn are_changed_ones(bytes: &[u8]) -> bool {
    [&b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf"[..], b"\xc3\xbf\xc3\xbf\xc3\xbf\xc3\xbf", b"????????", &[0x7f; 8]]
        .contains(&bytes)
}

/// Whether a section of pcapng begins here, with its byte order behind its length.
pub(super) fn begins_section(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x1a, 0x2b, 0x3c, 0x4d, ..]
            | [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x4d, 0x3c, 0x2b, 0x1a, ..]
    )
}
