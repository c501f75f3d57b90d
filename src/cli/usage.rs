//! What is said of arguments that cannot be read: one line, with the way out.

use std::fmt;
use std::path::Path;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, Error};

use unicode_width::UnicodeWidthChar;

use super::Cli;
use crate::field::edits;
use crate::filter::FilterError;

/// A filter that cannot be used.
#[derive(Debug)]
pub struct BadFilter {
    /// The filter.
    pub text: String,
    /// What is wrong with it.
    pub error: FilterError,
}

impl BadFilter {
    /// The filter, and a line with carets under what is wrong.
    pub fn carets(&self) -> (String, String) {
        self.error.carets(&self.text, |c| c.width().unwrap_or(0))
    }
}

impl std::error::Error for BadFilter {}

impl fmt::Display for BadFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-Y: {}; see `coapscope fields`", self.error)
    }
}

/// Characters of an argument that are said again.
const ECHO: usize = 60;

/// The line for an error of these arguments (the program's name is not among them).
pub fn line(error: &Error, arguments: &[String]) -> String {
    let first = arguments.first().map_or("", String::as_str);
    if let Some(line) = no_such_word(first) {
        return line;
    }
    let help = if is_subcommand(first) && first != "help" {
        format!("coapscope {first} --help")
    } else {
        "coapscope --help".into()
    };
    // What stands behind an option is its value: -T fields.
    let values = |pair: &&[String]| pair.first().is_some_and(|before| !takes_value(before));
    let mut words = arguments.windows(2).filter(values).filter_map(|pair| pair.get(1));
    let late = words.find(|word| !is_subcommand(first) && is_subcommand(word));
    let what = match late {
        Some(word) => format!("{word}: a subcommand stands first, before every option"),
        None => what(error, first),
    };
    format!("{what}; see `{help}`")
}

/// What to say of a first argument that is neither a subcommand nor a file, but a word as subcommands are.
pub fn no_such_word(word: &str) -> Option<String> {
    let is_word = word.chars().all(|c| c.is_ascii_lowercase()) && !word.is_empty();
    if !is_word || is_subcommand(word) || Path::new(word).exists() {
        return None;
    }
    let names = subcommands();
    let nearest = names.iter().map(|name| (edits(word, name), name)).min().filter(|(edits, _)| *edits <= 2);
    let way = match nearest {
        Some((_, name)) => format!("did you mean `coapscope {name}`?"),
        None => format!("the subcommands are {}", names.join(", ")),
    };
    Some(format!("{}: there is no subcommand and no file of that name; {way}", shown(word)))
}

fn subcommands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

fn is_subcommand(word: &str) -> bool {
    word == "help" || subcommands().iter().any(|name| name == word)
}

fn what(error: &Error, subcommand: &str) -> String {
    let told = |kind| error.get(kind).map(ToString::to_string).filter(|text| !text.is_empty());
    let name = |argument: &str| both_names(&name(argument), subcommand);
    let argument = told(ContextKind::InvalidArg).map_or_else(String::new, |text| name(&text));
    let value = told(ContextKind::InvalidValue).map(|value| shown(&value));
    let value = value.or_else(|| (error.kind() == ErrorKind::ValueValidation).then(|| "''".to_owned()));
    match (error.kind(), value) {
        (ErrorKind::UnknownArgument, _) if !argument.starts_with('-') || argument == "-" => {
            too_many(&argument, subcommand)
        }
        (ErrorKind::UnknownArgument, _) if is_of_live(&argument) && is_subcommand(subcommand) => format!(
            "{argument}: `{subcommand}` captures nothing; save a capture first: coapscope print -i IFACE -w FILE; or pipe one into it: tcpdump -U -w - | coapscope {subcommand} -"
        ),
        (ErrorKind::UnknownArgument, _) => match told(ContextKind::SuggestedArg) {
            Some(other) => format!("{argument}: there is no such option; did you mean {other}?"),
            None => match elsewhere(&argument).filter(|_| !is_subcommand(subcommand)) {
                Some(other) => belongs(&argument, &other),
                None => format!("{argument}: there is no such option"),
            },
        },
        (ErrorKind::InvalidValue, None) => format!("{argument}: a value is missing"),
        (ErrorKind::InvalidValue, Some(value)) => match told(ContextKind::ValidValue) {
            Some(values) => format!("{argument} {value}: the values are {values}"),
            None => format!("{argument} {value}: not a value that it takes"),
        },
        (ErrorKind::ValueValidation, Some(value)) => {
            let why = std::error::Error::source(error).map_or_else(|| "not understood".into(), ToString::to_string);
            format!("{argument} {value}: {why}")
        }
        (ErrorKind::MissingRequiredArgument, _) => format!("{argument} is missing"),
        (ErrorKind::ArgumentConflict, _) => match (told(ContextKind::InvalidSubcommand), told(ContextKind::PriorArg)) {
            (Some(word), _) => too_many(&word, subcommand),
            (None, Some(other)) if name(&other) == argument => format!("{argument} can be given once only"),
            (None, Some(other)) => format!("{argument} and {} exclude each other", name(&other)),
            (None, None) => format!("{argument} goes with nothing else"),
        },
        _ => rendered(error),
    }
}

/// An option that names an interface.
fn is_of_live(option: &str) -> bool {
    matches!(option, "-i" | "--interface")
}

fn belongs(option: &str, subcommand: &str) -> String {
    format!("{option}: belongs to a subcommand; did you mean `coapscope {subcommand} {option}`?")
}

/// The line for an option of `print` that was given without it.
pub fn of_print(option: &str) -> String {
    format!("{}; see `coapscope --help`", belongs(option, "print"))
}

fn too_many(argument: &str, subcommand: &str) -> String {
    let root = Cli::command();
    let command = root.find_subcommand(subcommand).unwrap_or(&root);
    let way = match command.get_arguments().any(|it| it.get_id() == "read") {
        true => "; several captures are merged with -r A -r B",
        false => "",
    };
    format!("{}: one argument too many{way}", shown(argument))
}

/// Whether this is an option of `print` that is written this way.
fn is_written(argument: &clap::Arg, option: &str) -> bool {
    argument.get_short().is_some_and(|short| option == format!("-{short}"))
        || argument.get_long().is_some_and(|long| option == format!("--{long}"))
}

/// An option of `print` behind which its value stands.
fn takes_value(option: &str) -> bool {
    let root = Cli::command();
    let found = root.find_subcommand("print").and_then(|print| print.get_arguments().find(|it| is_written(it, option)));
    found.is_some_and(|it| it.get_action().takes_values())
}

/// The first subcommand that has such an option.
fn elsewhere(option: &str) -> Option<String> {
    let root = Cli::command();
    let has = |command: &&clap::Command| command.get_arguments().any(|it| is_written(it, option));
    root.get_subcommands().find(has).map(|command| command.get_name().to_owned())
}

/// The name in `--read <FILE>`, `[FILE]` or `<SHELL>`.
fn name(argument: &str) -> String {
    let argument = match argument.find([' ', '=']) {
        Some(end) if argument.starts_with('-') => argument.get(..end).unwrap_or(argument),
        _ => argument,
    };
    shown(argument.trim_end_matches('.').trim_matches(['[', ']', '<', '>']))
}

/// `-T/--format` for `--format`, where the subcommand (or without one the screen) has a short form of it: either may have been typed.
fn both_names(long: &str, subcommand: &str) -> String {
    let root = Cli::command();
    let command = root.find_subcommand(subcommand).unwrap_or(&root);
    let argument =
        long.strip_prefix("--").and_then(|long| command.get_arguments().find(|it| it.get_long() == Some(long)));
    match argument.and_then(clap::Arg::get_short) {
        Some(short) => format!("-{short}/{long}"),
        None => long.to_owned(),
    }
}

/// An argument as it is said again: its beginning will do.
fn shown(argument: &str) -> String {
    match argument.char_indices().nth(ECHO) {
        Some((end, _)) => format!("{}..", argument.get(..end).unwrap_or_default()),
        None => argument.to_owned(),
    }
}

/// The first paragraph of what clap says.
fn rendered(error: &Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
