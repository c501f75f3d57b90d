//! A sheet as Markdown: the header as the RFC draws it, then a table with one row a field.

use std::io::{self, Write};

use super::{Row, Sheet, Values};

/// Writes the sheet.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    reading(sheet, out)?;
    list("What is known of it", sheet.known.iter().map(|fact| escaped(fact)), out)?;
    let findings = sheet.findings.iter().map(|one| {
        let place = if one.place.is_empty() { String::new() } else { format!(", {}", one.place) };
        format!("**{}** `{}`{place}: {}{}", one.severity, one.id, escaped(&one.text), source(one.reference))
    });
    list("What is odd, or worth knowing", findings, out)?;
    if let Some((why, other)) = &sheet.other {
        writeln!(out, "\n{}\n", escaped(why))?;
        reading(other, out)?;
    }
    Ok(())
}

fn reading(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### {}\n\n`{}`\n", escaped(&sheet.title), sheet.bytes)?;
    if !sheet.header.is_empty() {
        writeln!(out, "```text\n{}\n```\n", sheet.header.join("\n"))?;
    }
    writeln!(out, "| Offset | Bytes | Bits | Field | Value | Meaning |\n|---|---|---|---|---|---|")?;
    sheet.rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))?;
    if let Some(values) = &sheet.values {
        payload(values, out)?;
    }
    let lessons = sheet
        .lessons
        .iter()
        .map(|lesson| format!("**{}**: {}{}", lesson.name, escaped(&lesson.text), source(lesson.reference)));
    list("What the fields are for", lessons, out)
}

fn line(row: &Row) -> String {
    let indent = "&emsp;".repeat(row.depth);
    format!(
        "| `{:04x}` | {} | {} | {indent}{} | {} | {} |",
        row.offset,
        code(&row.bytes),
        code(&row.bits),
        escaped(&row.name),
        escaped(&row.value),
        escaped(&row.meaning)
    )
}

fn payload(values: &Values, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n#### {}\n\n| Offset | Bytes | Value |\n|---|---|---|", escaped(&values.heading))?;
    for row in &values.rows {
        let (offset, bytes) = match &row.place {
            Some((offset, bytes)) => (format!("`{offset:04x}`"), code(bytes)),
            None => (String::new(), String::new()),
        };
        writeln!(out, "| {offset} | {bytes} | {}{} |", "&emsp;".repeat(row.depth.min(20)), escaped(&row.text))?;
    }
    Ok(())
}

fn list(heading: &str, entries: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n#### {heading}\n")?;
    entries.try_for_each(|entry| writeln!(out, "- {entry}"))
}

/// " (RFC 7252 section 3)".
fn source(reference: &str) -> String {
    if reference.is_empty() { String::new() } else { format!(" ({})", escaped(reference)) }
}

/// Hexadecimal or bits: nothing in them is markup.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

/// A text in which nothing is markup, and which stays in its cell of a table. A colon is written so that what looks like an address
/// does not become a link.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        match letter {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            ':' if rest.starts_with("://") => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '>' | '[' | ']' | '|' | '#' | '~' | '$' | '!' => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_text_is_markup() {
        for (text, expected) in [
            ("events", "events"),
            ("a|b\\n", "a\\|b\\\\n"),
            ("<img src=x>", "&lt;img src=x\\>"),
            ("![x](y)", "\\!\\[x\\](y)"),
            ("http://a.example/_b_", "http&#58;//a.example/\\_b\\_"),
            ("1: `x` **y** &amp;", "1: \\`x\\` \\*\\*y\\*\\* &amp;amp;"),
        ] {
            assert_eq!(super::escaped(text), expected);
        }
    }
}
