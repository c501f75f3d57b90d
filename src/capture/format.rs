//! What a file is, by its first bytes.

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Classic,
    Blocks,
    Gzip,
    /// Compressed in another way: its name, and the program that unpacks it.
    Compressed(&'static str, &'static str),
    /// No capture; it looks like this.
    Unknown(&'static str),
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

/// First bytes, and what begins with them.
const MAGICS: &[(&[u8], Kind)] = &[
    (&[0xd4, 0xc3, 0xb2, 0xa1], Kind::Classic),
    (&[0xa1, 0xb2, 0xc3, 0xd4], Kind::Classic),
    (&[0x4d, 0x3c, 0xb2, 0xa1], Kind::Classic),
    (&[0xa1, 0xb2, 0x3c, 0x4d], Kind::Classic),
    (&[0x34, 0xcd, 0xb2, 0xa1], Kind::Classic),
    (&[0xa1, 0xb2, 0xcd, 0x34], Kind::Classic),
    (&[0x0a, 0x0d, 0x0d, 0x0a], Kind::Blocks),
    (GZIP, Kind::Gzip),
    (&[0x28, 0xb5, 0x2f, 0xfd], Kind::Compressed("zstd", "zstd -dc")),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], Kind::Compressed("xz", "xz -dc")),
    (b"BZh", Kind::Compressed("bzip2", "bzip2 -dc")),
    (&[0x04, 0x22, 0x4d, 0x18], Kind::Compressed("lz4", "lz4 -dc")),
    (&[0x1f, 0x9d], Kind::Compressed("compress", "uncompress -c")),
    (b"PK\x03\x04", Kind::Compressed("zip", "unzip -p")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Compressed("7z", "7z e -so")),
    (b"snoop\0\0\0", Kind::Unknown("a capture of Solaris snoop (editcap converts it)")),
    (b"GMBU", Kind::Unknown("a capture of Microsoft Network Monitor (editcap converts it)")),
    (b"btsnoop\0", Kind::Unknown("a Bluetooth capture (btsnoop)")),
    (b"XCP\0", Kind::Unknown("a capture of NetXRay (editcap converts it)")),
    (b"\x7fELF", Kind::Unknown("a program (ELF)")),
    (b"MZ", Kind::Unknown("a Windows program")),
    (b"\x89PNG", Kind::Unknown("a picture (PNG)")),
    (b"\xff\xd8\xff", Kind::Unknown("a picture (JPEG)")),
    (b"%PDF", Kind::Unknown("a PDF document")),
    (b"SQLite f", Kind::Unknown("an SQLite database")),
    (b"PAR1", Kind::Unknown("a Parquet table")),
    (b"<?xml", Kind::Unknown("XML")),
    (b"<!", Kind::Unknown("HTML")),
    (b"#!", Kind::Unknown("a script")),
];

/// What begins with these bytes.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *kind;
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Kind::Unknown("zeros: perhaps a file that was being written when the machine stopped");
    }
    let is_text = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    if !bytes.iter().all(is_text) {
        return Kind::Unknown("other binary data");
    }
    match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => Kind::Unknown("JSON"),
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if is_dump(bytes) => {
            Kind::Unknown("a hex dump (text2pcap makes a capture of it; `coapscope explain` reads one message)")
        }
        _ => Kind::Unknown("text"),
    }
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

/// Whether a section of pcapng begins here, with its byte order behind its length.
pub(super) fn begins_section(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x1a, 0x2b, 0x3c, 0x4d, ..]
            | [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x4d, 0x3c, 0x2b, 0x1a, ..]
    )
}

/// Whether text is made of hex digits and blanks.
fn is_dump(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace())
}
