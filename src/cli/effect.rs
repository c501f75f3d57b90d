//! Options that would have no effect are refused: whoever gave one expects that it does something.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::bail;
use clap::ArgMatches;
use clap::parser::ValueSource;

use super::PrintFormat;
use super::flow::{self, FlowFormat};

/// One row an option and a case in which it would do nothing.
struct Row {
    /// Subcommands; "" is the screen.
    commands: &'static [&'static str],
    /// Of the argument, as clap knows it, and as the user does.
    id: &'static str,
    option: &'static str,
    /// It does nothing with these arguments.
    idle: fn(&ArgMatches) -> bool,
    /// Why, and what to do.
    why: &'static str,
}

const fn row(
    commands: &'static [&'static str],
    id: &'static str,
    option: &'static str,
    idle: fn(&ArgMatches) -> bool,
    why: &'static str,
) -> Row {
    Row { commands, id, option, idle, why }
}

const LIVE: &[&str] = &["", "print"];
const OF_LIVE: &str = "belongs to -i IFACE, and nothing is captured here; leave it out, or name an interface";
const OF_CAPTURES: &str = "belongs to captures, and this is a single message; leave it out, or use -r FILE --frame N";
const OF_LADDERS: &str = "belongs to the text form of the diagram; leave it out, or write to a .txt file";
const OF_FIELDS: &str = "belongs to -T fields and -T csv; name one of them";
const OF_LINES: &str =
    "belongs to the lines of messages, which -V and -T json, fields and csv do not print; leave it out";

const ROWS: &[Row] = &[
    row(LIVE, "filter", "-f", is_not_live, OF_LIVE),
    row(
        &[""],
        "write",
        "-w",
        is_not_live,
        "belongs to -i IFACE here; what is in a capture is saved by `coapscope print -w OUT FILE`",
    ),
    row(
        &["print"],
        "write",
        "-w",
        is_followed,
        "saves a capture when it has ended, and this one goes on; leave --follow out",
    ),
    row(
        &["print"],
        "whole_exchanges",
        "--whole-exchanges",
        is_not_saved,
        "belongs to -w OUT.pcapng of a file; name it",
    ),
    row(
        &["print"],
        "table",
        "--table",
        |matches| !is_not_live(matches),
        "is of a capture that has ended; write it to a file first (-w)",
    ),
    row(
        &["print"],
        "export_objects",
        "--export-objects",
        |matches| !is_not_live(matches),
        "is of a capture that has ended; write it to a file first (-w)",
    ),
    row(
        &["print"],
        "export_objects",
        "--export-objects",
        is_followed,
        "is of a capture that has ended; leave --follow out",
    ),
    row(&["print"], "table", "--table", is_followed, "is of a capture that has ended; leave --follow out"),
    row(LIVE, "follow", "--follow", has_no_file, "waits at the end of a file; name one"),
    row(&[""], "count", "-c", is_screen_of_file, "counts what is captured or printed: `coapscope print -c N FILE`"),
    row(&["print"], "fields", "-e", prints_no_fields, OF_FIELDS),
    row(&["print"], "field_options", "-E", prints_no_fields, OF_FIELDS),
    row(&["print"], "time", "-t", prints_no_lines, OF_LINES),
    row(
        &["explain"],
        "frame",
        "--frame",
        is_hex,
        "is a frame of a capture; name the capture with -r, or give hex alone",
    ),
    row(&["explain"], "display_filter", "-Y", always, "chooses among messages, and this is a single one; leave it out"),
    row(&["flow"], "width", "--width", is_diagram, OF_LADDERS),
    row(&["flow"], "time", "-t", is_mermaid, OF_LADDERS),
    row(&["flow"], "ascii", "--ascii", is_diagram, OF_LADDERS),
    row(&["explain"], "ports", "--port", is_hex, OF_CAPTURES),
    row(&["explain"], "decode_as", "-d", is_hex, OF_CAPTURES),
    row(&["explain"], "checksums", "--checksums", is_hex, OF_CAPTURES),
    row(&["explain"], "memory", "--memory", is_hex, OF_CAPTURES),
    row(&["explain"], "spool", "--spool", is_hex, OF_CAPTURES),
    row(&["explain"], "ack_timeout", "--ack-timeout", is_hex, OF_CAPTURES),
    row(&["explain"], "ack_random_factor", "--ack-random-factor", is_hex, OF_CAPTURES),
    row(&["explain"], "max_retransmit", "--max-retransmit", is_hex, OF_CAPTURES),
    row(&["explain"], "nstart", "--nstart", is_hex, OF_CAPTURES),
    row(&["explain"], "default_leisure", "--default-leisure", is_hex, OF_CAPTURES),
    row(&["explain"], "probing_rate", "--probing-rate", is_hex, OF_CAPTURES),
];

/// Refuse what would have no effect.
///
/// # Errors
/// The first such option: which, why, and what to do.
pub fn check(matches: &ArgMatches) -> anyhow::Result<()> {
    let (command, matches) = matches.subcommand().unwrap_or(("", matches));
    for row in ROWS.iter().filter(|row| row.commands.contains(&command)) {
        if is_given(matches, row.id) && (row.idle)(matches) {
            bail!("{}: {}", row.option, row.why);
        }
    }
    Ok(())
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
}

fn is_not_live(matches: &ArgMatches) -> bool {
    !is_given(matches, "interface")
}

fn has_no_file(matches: &ArgMatches) -> bool {
    !is_given(matches, "file") && !is_given(matches, "read")
}

fn is_followed(matches: &ArgMatches) -> bool {
    matches.get_flag("follow")
}

fn is_not_saved(matches: &ArgMatches) -> bool {
    !is_given(matches, "write") || !is_not_live(matches)
}

fn always(_: &ArgMatches) -> bool {
    true
}

fn is_screen_of_file(matches: &ArgMatches) -> bool {
    is_not_live(matches) && cfg!(feature = "tui") && io::stdout().is_terminal()
}

fn format(matches: &ArgMatches) -> PrintFormat {
    matches.get_one("format").copied().unwrap_or(PrintFormat::Text)
}

fn prints_no_fields(matches: &ArgMatches) -> bool {
    !matches!(format(matches), PrintFormat::Fields | PrintFormat::Csv)
}

fn prints_no_lines(matches: &ArgMatches) -> bool {
    format(matches) != PrintFormat::Text || matches.get_flag("tree")
}

fn is_mermaid(matches: &ArgMatches) -> bool {
    let form = matches.get_one::<FlowFormat>("format").copied();
    let form = form.or_else(|| flow::of_ending(matches.get_one::<PathBuf>("output")?));
    matches!(form, Some(FlowFormat::Mermaid | FlowFormat::Markdown))
}

fn is_diagram(matches: &ArgMatches) -> bool {
    let named = matches.get_one::<FlowFormat>("format").is_some_and(|format| *format != FlowFormat::Text);
    named || matches.get_one::<PathBuf>("output").is_some_and(|path| flow::of_ending(path) != Some(FlowFormat::Text))
}

fn is_hex(matches: &ArgMatches) -> bool {
    !is_given(matches, "read")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_row_names_an_argument() {
        let command = super::super::Cli::command();
        for row in ROWS {
            for name in row.commands {
                let command = command.find_subcommand(name).unwrap_or(&command);
                assert!(command.get_arguments().any(|argument| argument.get_id() == row.id), "{name} {}", row.id);
            }
        }
    }
}
