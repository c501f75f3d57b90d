//! What the clock here is called: `CET`, `UTC`, as the system's table of time zones has it (RFC 8536).

use std::path::Path;
use std::sync::LazyLock;

/// Bytes of a table that is read; the largest there are have less.
const LARGEST: u64 = 1 << 20;

/// The zone of this process: its table, or how `TZ` spells it.
static ZONE: LazyLock<Zone> = LazyLock::new(|| match std::env::var("TZ") {
    Ok(name) => Zone::named(name.strip_prefix(':').unwrap_or(&name)),
    Err(_) => Zone::Table(table(Path::new("/etc/localtime")).unwrap_or_default()),
});

enum Zone {
    Table(Vec<u8>),
    Spelled(String),
}

impl Zone {
    fn named(name: &str) -> Self {
        if name.is_empty() {
            return Self::Spelled("UTC0".into());
        }
        // An absolute path stays what it is.
        match table(&Path::new("/usr/share/zoneinfo").join(name)) {
            Some(table) => Self::Table(table),
            None => Self::Spelled(name.to_owned()),
        }
    }
}

fn table(path: &Path) -> Option<Vec<u8>> {
    let length = path.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    if length > LARGEST { None } else { std::fs::read(path).ok() }
}

/// The name of a clock that is so many seconds ahead of UTC at a time in seconds since 1970; `+01:00` where it has none.
pub(super) fn name(time: i64, ahead: i32) -> String {
    let name = match &*ZONE {
        Zone::Table(table) => of_table(table, time, ahead),
        Zone::Spelled(text) => of_spelling(text, ahead).map(str::to_owned),
    };
    name.filter(|name| {
        name.len() < 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte))
    })
    .unwrap_or_else(|| {
        let (sign, minutes) = (if ahead < 0 { '-' } else { '+' }, ahead.unsigned_abs() / 60);
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    })
}

/// A number of so many bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<i64> {
    let part = bytes.get(at..at.checked_add(length)?)?;
    let first = part.first().map_or(0, |byte| i64::from(byte.cast_signed()));
    Some(part.iter().skip(1).fold(first, |sum, byte| sum << 8 | i64::from(*byte)))
}

/// The name in a table: that of the last change before the time that led to such a clock, or else of any such clock.
fn of_table(table: &[u8], time: i64, ahead: i32) -> Option<String> {
    let counts = |at: usize| -> Option<[usize; 6]> {
        let mut counts = [0; 6];
        for (index, count) in counts.iter_mut().enumerate() {
            *count = usize::try_from(number(table, at + 20 + index * 4, 4)?).ok()?;
        }
        Some(counts)
    };
    if !table.starts_with(b"TZif") {
        return None;
    }
    let ([utc, std, leaps, times, types, letters], is_new) =
        (counts(0)?, table.get(4).is_some_and(|version| *version >= b'2'));
    // Newer tables have all once more, in eight bytes a time.
    let (at, size, [_, _, _, times, types, letters]) = if is_new {
        let second = 44 + times * 5 + types * 6 + letters + leaps * 8 + std + utc;
        (second + 44, 8, counts(second)?)
    } else {
        (44, 4, [utc, std, leaps, times, types, letters])
    };
    let (kinds, clocks) = (at + times * size, at + times * (size + 1));
    let is_so = |kind: &usize| number(table, clocks + kind * 6, 4) == Some(ahead.into());
    let changed =
        (0..times).rev().filter(|change| number(table, at + change * size, size).is_some_and(|then| then <= time));
    let kind = changed
        .filter_map(|change| table.get(kinds + change).map(|kind| usize::from(*kind)))
        .find(is_so)
        .or_else(|| (0..types).rev().find(is_so))?;
    let names = clocks + types * 6;
    let name = table.get(names + usize::from(*table.get(clocks + kind * 6 + 5)?)..names + letters)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    String::from_utf8(name.get(..end)?.to_vec()).ok()
}

/// The name in `CET-1CEST` or `<-03>3`: the first where the clock is that far from UTC, the second else.
fn of_spelling(text: &str, ahead: i32) -> Option<&str> {
    let (first, rest) = spelled(text)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c)).unwrap_or(rest.len());
    let (offset, rest) = rest.split_at_checked(end)?;
    let behind = offset.trim_start_matches(['+', '-']).split(':').zip([3600, 60, 1]);
    let behind: i32 = behind.map(|(part, unit)| part.parse::<i32>().unwrap_or(0).saturating_mul(unit)).sum();
    let first_ahead = if offset.starts_with('-') { behind } else { -behind };
    if first_ahead == ahead { Some(first) } else { spelled(rest).map(|(second, _)| second) }
}

/// A name, and what is behind it.
fn spelled(text: &str) -> Option<(&str, &str)> {
    if let Some(text) = text.strip_prefix('<') {
        return text.split_once('>');
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(name, _)| name.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_have_names() {
        for (text, ahead, expected) in [
            ("CET-1CEST", 3600, Some("CET")),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 7200, Some("CEST")),
            ("<-03>3", -10800, Some("-03")),
            ("IST-5:30", 19800, Some("IST")),
            ("UTC0", 0, Some("UTC")),
            ("UTC0", 3600, None),
            ("", 0, None),
        ] {
            assert_eq!(of_spelling(text, ahead), expected, "{text}");
        }
    }

    #[test]
    fn tables_are_read() {
        let Some(berlin) = table(Path::new("/usr/share/zoneinfo/Europe/Berlin")) else { return };
        for (time, ahead, expected) in [
            (1_795_637_235, 3600, Some("CET")),
            (1_782_000_000, 7200, Some("CEST")),
            (1_795_637_235, 1234, None),
            (-800_000_000, 10_800, Some("CEMT")),
        ] {
            assert_eq!(of_table(&berlin, time, ahead).as_deref(), expected, "{time}");
        }
        // Whatever is in a table, nothing but a name comes of it.
        (0..berlin.len()).for_each(|end| drop(of_table(&berlin[..end], 0, 3600)));
    }
}
