//! `coapscope completions` and `coapscope man`: pages printed from the arguments themselves; and what stands below their help.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, Context};

/// Print the completions of a shell.
///
/// # Errors
/// Where the output cannot be written.
pub fn completions(shell: Shell, context: &mut Context<'_>) -> anyhow::Result<()> {
    // The generator panics where a write fails, so it writes to memory.
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "coapscope", &mut page);
    let page = String::from_utf8_lossy(&page).into_owned();
    let page = if shell == Shell::Zsh { either_first(&page) } else { page };
    Ok(context.out.write_all(interfaces(shell, &page).as_bytes())?)
}

/// The script, in which the shell itself asks the system for its interfaces where one is to be named.
fn interfaces(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => ["--interface", "-i"].iter().fold(script.to_owned(), |script, option| {
            let place = format!("                {option})\n                    COMPREPLY=(");
            let names = "$(compgen -W \"any $(ls /sys/class/net 2>/dev/null)\" -- \"${cur}\")";
            script.replace(&format!("{place}\"${{cur}}\")"), &format!("{place}{names})"))
        }),
        Shell::Zsh => script.replace(":IFACE:'", ":IFACE:{compadd any; _net_interfaces}'"),
        Shell::Fish => {
            let names = "__fish_print_interfaces; echo any";
            let is_asked = |line: &&str| line.contains(" -s i -l interface ");
            let told = |line: &str| match Some(line).filter(is_asked) {
                Some(line) => format!("{} -f -a '({names})'\n", line.trim_end_matches(" -f")),
                None => format!("{line}\n"),
            };
            script.lines().map(told).collect()
        }
        _ => script.to_owned(),
    }
}

/// The script for zsh, in which the first word is a subcommand or a file. The generator's has a file first and a subcommand second, so that
/// nothing behind a subcommand is completed.
fn either_first(script: &str) -> String {
    const SECOND: &str = "\":: :_coapscope_commands\" \\\n";
    const EITHER: &str = "\":: :{_alternative 'commands:command:_coapscope_commands' 'files:capture:_files'}\" \\\n";
    let parts = script.split_once(SECOND).and_then(|(before, after)| {
        let (options, _file) = before.split_at_checked(before.rfind("'::file")?)?;
        Some([options, EITHER, &after.replace("$line[2]", "$line[1]")].concat())
    });
    parts.unwrap_or_else(|| script.to_owned())
}

/// Print the manual page, with those of the subcommands behind it.
///
/// # Errors
/// Where the output cannot be written.
pub fn manual(context: &mut Context<'_>) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    page(&command, &mut context.out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        page(subcommand, &mut context.out)?;
    }
    Ok(())
}

/// The page of a command; what its help has below the options has a section of its own.
fn page(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let statuses = match command.get_after_help() {
        Some(_) => EXIT_STATUS.iter().filter(|row| row.command == command.get_name()).collect(),
        None => Vec::new(),
    };
    let mut text = Vec::new();
    Man::new(command.clone().after_help(None::<&str>)).render(&mut text)?;
    let (mut text, whole) = (String::from_utf8_lossy(&text).into_owned(), command.get_name());
    for part in command.get_subcommands().map(Command::get_name) {
        // It has no page of its own.
        text = text.replace(&format!("\n{whole}\\-{part}(1)\n"), &format!("\n{whole} {part}\n"));
    }
    out.write_all(text.as_bytes())?;
    if !statuses.is_empty() {
        writeln!(out, ".SH \"EXIT STATUS\"")?;
    }
    for row in statuses {
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", row.status, row.meaning.replace('-', "\\-"))?;
    }
    Ok(())
}

/// What a status tells.
struct Status {
    command: &'static str,
    status: u8,
    meaning: &'static str,
}

const fn status(command: &'static str, status: u8, meaning: &'static str) -> Status {
    Status { command, status, meaning }
}

const CANNOT: &str = "It could not be done: usage, a file that cannot be read, no such interface, no permission. One line on standard error says what and why.";

const EXIT_STATUS: &[Status] = &[
    status("coapscope", 0, "Done, also where the capture ends in the middle of a record: that is a warning."),
    status("coapscope", 1, "`check` found something at or above its level."),
    status("coapscope", 2, CANNOT),
    status(
        "check",
        0,
        "Judged, and no finding of the level of --fail-on or worse but ignored and known ones; or a baseline was written.",
    ),
    status("check", 1, "There are such findings."),
    status("check", 2, CANNOT),
];

/// The statuses of a command, for the end of its help.
pub fn exit_status(command: &str) -> String {
    let rows = EXIT_STATUS.iter().filter(|row| row.command == command);
    let lines: Vec<String> = rows.map(|row| format!("  {}  {}", row.status, row.meaning)).collect();
    format!("Exit status:\n{}", lines.join("\n"))
}
