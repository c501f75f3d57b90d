//! A sheet as a page of its own: figure, table of fields, what is odd. No script, nothing from elsewhere, fit for printing.

use std::io::{self, Write};

use super::{Sheet, Values, said, svg};
use crate::render::ladder::svg::escaped;

/// How the page looks, on the screen and on paper.
const STYLE: &str = "<style>body{font:15px/1.4 system-ui,sans-serif;color:#111;background:#fff;max-width:60em;margin:1.5em auto;padding:0 1em}\
h1{font-size:1.3em}h2{font-size:1.1em;margin-top:1.6em}code,td.c{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#e9eef5}td.b{white-space:pre}p.x{overflow-wrap:anywhere}.q{color:#555;font-size:13px}dt{margin-top:.6em}svg{width:100%;height:auto}\
@media print{body{margin:0;max-width:none;font-size:10pt}tr,dt,dd{break-inside:avoid}thead{display:table-header-group}h1,h2{break-after:avoid}}</style>";

/// Writes the page.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let title = escaped(&sheet.title);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>")?;
    writeln!(out, "{STYLE}\n</head>\n<body>\n<h1>{title}</h1>")?;
    reading(sheet, out)?;
    if !sheet.known.is_empty() {
        writeln!(out, "<h2>What is known of it</h2>\n<ul>")?;
        sheet.known.iter().try_for_each(|fact| writeln!(out, "<li>{}</li>", escaped(fact)))?;
        writeln!(out, "</ul>")?;
    }
    if !sheet.findings.is_empty() {
        writeln!(out, "<h2>What is odd, or worth knowing</h2>\n<dl>")?;
        for one in &sheet.findings {
            let place = if one.place.is_empty() { String::new() } else { format!(" {}", one.place) };
            writeln!(out, "<dt><b>{}</b> <code>{}</code>{place}</dt>", one.severity, one.id)?;
            writeln!(out, "<dd>{}{}</dd>", escaped(&one.text), source(one.reference))?;
        }
        writeln!(out, "</dl>")?;
    }
    if let Some((why, other)) = &sheet.other {
        writeln!(out, "<p>{}</p>\n<h1>{}</h1>", escaped(why), escaped(&other.title))?;
        reading(other, out)?;
    }
    writeln!(out, "</body>\n</html>")
}

fn reading(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let (width, height) = (svg::WIDTH, svg::height(&sheet.figure));
    writeln!(out, "<p class=\"x\"><code>{}</code></p>", sheet.bytes)?;
    writeln!(out, "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"The bits of the message\">")?;
    svg::drawn(&sheet.figure, 0, out)?;
    writeln!(out, "</svg>\n<h2>Fields</h2>\n<table>")?;
    writeln!(out, "<thead><tr><th>Offset<th>Bytes<th>Bits<th>Field<th>Value<th>What it is for</tr></thead>\n<tbody>")?;
    let mut lessons = sheet.lessons.iter().peekable();
    for (index, row) in sheet.rows.iter().enumerate() {
        // Lessons stand in the order of the fields, each beside the first of its kind.
        let lesson = lessons.next_if(|lesson| lesson.row == index);
        let lesson = lesson.map(|one| format!("{}{}", escaped(&one.text), source(one.reference))).unwrap_or_default();
        writeln!(
            out,
            "<tr><td class=\"c\">{:04x}<td class=\"c\">{}<td class=\"c b\">{}<td style=\"padding-left:{}em\">{}<td>{}<td class=\"q\">{lesson}</tr>",
            row.offset,
            row.bytes,
            row.bits,
            row.depth + 1,
            escaped(&row.name),
            escaped(&said(row)),
        )?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    sheet.values.as_ref().map_or(Ok(()), |values| payload(values, out))
}

fn payload(values: &Values, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>Payload: {}</h2>\n<table>", escaped(&values.heading))?;
    writeln!(out, "<thead><tr><th>Offset<th>Bytes<th>Value</tr></thead>\n<tbody>")?;
    for row in &values.rows {
        let (offset, bytes) = match &row.place {
            Some((offset, bytes)) => (format!("{offset:04x}"), bytes.as_str()),
            None => (String::new(), ""),
        };
        let indent = row.depth.min(20) + 1;
        writeln!(
            out,
            "<tr><td class=\"c\">{offset}<td class=\"c\">{bytes}<td style=\"padding-left:{indent}em\">{}</tr>",
            escaped(&row.text)
        )?;
    }
    writeln!(out, "</tbody>\n</table>")
}

fn source(reference: &str) -> String {
    if reference.is_empty() { String::new() } else { format!(" <span class=\"q\">[{}]</span>", escaped(reference)) }
}
