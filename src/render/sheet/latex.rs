//! A sheet as LaTeX: a document that needs no package beyond LaTeX's own; what stands between `\begin` and `\end{document}` goes into another.

use std::io::{self, Write};

use super::figure::{Cell, Figure, Line, ROW};
use super::{Sheet, Values, said};
use crate::render::wrap::cut;

/// Letters of the figure that a bit's width holds.
const LETTERS: u32 = 5;
/// Letters after which a word may be broken.
const LONG: usize = 12;

/// A row of the figure is a picture of its own, so that a long message goes over pages.
const HEAD: &str = r"% Made by `coapscope explain --format latex`. To use it in a document of yours, copy the lines with
% \newcommand and \usepackage{longtable} to its preamble, and all between \begin{document} and \end{document}.
\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{longtable}
\newcommand{\coapcell}[5]{\put(#1,0){\framebox(#2,2.4){\shortstack{\coapapart{#2}{\ttfamily #3}\\{\tiny\bfseries\strut #4}\\\coapapart{#2}{#5}}}}}
\newcommand{\coapapart}[2]{\makebox[#1\unitlength][s]{\tiny\strut\hfil #2\hfil}}
\newcommand{\coapword}[2]{\noindent\begin{picture}(34,2.4)\put(0,0){\makebox(1.6,2.4)[l]{\tiny\ttfamily #1}}#2\end{picture}\par\nointerlineskip}
\setlength{\textwidth}{170mm}\setlength{\oddsidemargin}{-5mm}\setlength{\textheight}{240mm}\setlength{\topmargin}{-15mm}
\frenchspacing\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}
\begin{document}";

/// Writes the document.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{HEAD}")?;
    reading(sheet, out)?;
    if !sheet.known.is_empty() {
        writeln!(out, "\\subsection*{{What is known of it}}\n\\begin{{itemize}}")?;
        sheet.known.iter().try_for_each(|fact| writeln!(out, "\\item {}", escaped(fact)))?;
        writeln!(out, "\\end{{itemize}}")?;
    }
    if !sheet.findings.is_empty() {
        writeln!(out, "\\subsection*{{What is odd, or worth knowing}}\n\\begin{{description}}")?;
        for one in &sheet.findings {
            let place = if one.place.is_empty() { String::new() } else { format!(" {}", one.place) };
            writeln!(
                out,
                "\\item[{}] \\texttt{{{}}}{place}: {}{}",
                one.severity,
                escaped(one.id),
                escaped(&one.text),
                source(one.reference)
            )?;
        }
        writeln!(out, "\\end{{description}}")?;
    }
    if let Some((why, other)) = &sheet.other {
        writeln!(out, "\\bigskip {}\n", escaped(why))?;
        reading(other, out)?;
    }
    writeln!(out, "\\end{{document}}")
}

fn reading(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\\section*{{{}}}\n{{\\small\\ttfamily {}\\par}}\n", escaped(&sheet.title), escaped(&sheet.bytes))?;
    figure(&sheet.figure, out)?;
    writeln!(out, "\\bigskip\n\\begin{{longtable}}{{@{{}}l p{{40mm}} l p{{40mm}} p{{46mm}}@{{}}}}")?;
    writeln!(out, "Offset & Bytes & Bits & Field & Value \\\\ \\hline \\endhead")?;
    for row in &sheet.rows {
        writeln!(
            out,
            "\\texttt{{{:04x}}} & {} & {} & \\hspace*{{{}em}}{} & {} \\\\",
            row.offset,
            typed(&row.bytes),
            typed(&row.bits),
            row.depth,
            escaped(&row.name),
            escaped(&said(row)),
        )?;
    }
    writeln!(out, "\\end{{longtable}}")?;
    if let Some(values) = &sheet.values {
        payload(values, out)?;
    }
    if sheet.lessons.is_empty() {
        return Ok(());
    }
    writeln!(out, "\\subsection*{{What the fields are for}}\n\\begin{{description}}")?;
    for lesson in &sheet.lessons {
        writeln!(out, "\\item[{}] {}{}", escaped(lesson.name), escaped(&lesson.text), source(lesson.reference))?;
    }
    writeln!(out, "\\end{{description}}")
}

fn payload(values: &Values, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\\subsection*{{Payload: {}}}", escaped(&values.heading))?;
    writeln!(
        out,
        "\\begin{{longtable}}{{@{{}}l p{{60mm}} p{{90mm}}@{{}}}}\nOffset & Bytes & Value \\\\ \\hline \\endhead"
    )?;
    for row in &values.rows {
        let (offset, bytes) = match &row.place {
            Some((offset, bytes)) => (typed(&format!("{offset:04x}")), typed(bytes)),
            None => (String::new(), String::new()),
        };
        writeln!(out, "{offset} & {bytes} & \\hspace*{{{}em}}{} \\\\", row.depth.min(20), escaped(&row.text))?;
    }
    writeln!(out, "\\end{{longtable}}")
}

fn figure(figure: &Figure, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{{\\setlength{{\\unitlength}}{{0.029\\linewidth}}\\setlength{{\\parskip}}{{0pt}}%")?;
    let bits: String =
        (0..ROW).map(|bit| format!("\\put({}.6,0.2){{\\makebox(1,1){{\\tiny {bit}}}}}", bit + 1)).collect();
    writeln!(out, "\\coapword{{}}{{{bits}}}%")?;
    for line in &figure.0 {
        match line {
            Line::Word { offset, cells } => {
                let cells: String = cells.iter().map(cell).collect();
                writeln!(out, "\\coapword{{{offset:04x}}}{{{cells}}}%")?;
            }
            Line::Gap(bytes) => {
                writeln!(out, "\\coapword{{}}{{\\put(1.6,0){{\\makebox(32,2.4){{\\tiny {bytes} more bytes}}}}}}%")?;
            }
        }
    }
    writeln!(out, "}}")
}

fn cell(cell: &Cell) -> String {
    let room = (cell.bits * LETTERS) as usize;
    let apart = |texts: &[String]| texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("\\hfil\\hfil ");
    let value = match cell.value.as_slice() {
        [only] => escaped(&cut(only, room)),
        several => apart(several),
    };
    let name = escaped(&cut(&cell.name, room));
    format!("\\coapcell{{{}.6}}{{{}}}{{{}}}{{{name}}}{{{value}}}", cell.column + 1, cell.bits, apart(&cell.digits))
}

/// " [RFC 7252 section 3]".
fn source(reference: &str) -> String {
    if reference.is_empty() { String::new() } else { format!(" {{\\footnotesize({})}}", escaped(reference)) }
}

/// Hexadecimal or bits.
fn typed(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{{\\raggedright\\small\\ttfamily {}}}", escaped(text)) }
}

/// A text in which nothing is a command, no two letters run together, and long words may be broken. Letters that LaTeX's
/// own fonts lack are named by their number.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut last, mut run) = (' ', 0);
    for letter in text.chars() {
        run = if letter == ' ' { 0 } else { run + 1 };
        if run > LONG {
            out.push_str("\\allowbreak{}");
            run = 1;
        }
        if letter == last && matches!(letter, '-' | '\'' | '`' | ',' | '<' | '>') {
            out.push_str("{}");
        }
        match letter {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', letter]),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '`' => out.push_str("\\textasciigrave{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '[' | ']' => out.extend(['{', letter, '}']),
            ' '..='\u{7e}' => out.push(letter),
            // Two signs among them are none that these fonts have.
            '\u{c0}'..='\u{ff}' if letter.is_alphabetic() => out.push(letter),
            _ => out.push_str(&format!("\\mbox{{\\tiny U+{:04X}}}", u32::from(letter))),
        }
        last = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_text_is_a_command() {
        for (text, expected) in [
            ("events", "events"),
            ("\\input{x}", "\\textbackslash{}input\\{x\\}"),
            ("100% $a_b^c~ #&", "100\\% \\$a\\_b\\textasciicircum{}c\\textasciitilde{} \\#\\&"),
            ("a--b [*] gr\u{fc}n \u{65e5}", "a-{}-b {[}*{]} gr\u{fc}n \\mbox{\\tiny U+65E5}"),
            ("2\u{d7}3\u{f7}1", "2\\mbox{\\tiny U+00D7}3\\mbox{\\tiny U+00F7}1"),
            ("0123456789abcdef", "0123456789ab\\allowbreak{}cdef"),
        ] {
            assert_eq!(super::escaped(text), expected);
        }
    }
}
