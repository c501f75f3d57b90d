//! What the shells complete, with the scripts of `coapscope completions`.

use super::skipped::skipped;
use std::path::Path;
use std::process::{Command, Stdio};

use portable_pty::CommandBuilder;

use super::pty::Pty;

/// What is typed, and what one press of Tab makes of it.
const CASES: [(&str, &str); 11] = [
    ("coapscope pri", "coapscope print"),
    ("coapscope stats --js", "coapscope stats --json"),
    ("coapscope print --format j", "coapscope print --format json"),
    ("coapscope print -T cs", "coapscope print -T csv"),
    ("coapscope check --fail-on er", "coapscope check --fail-on error"),
    ("coapscope print -T fields -e coap.response_ti", "coapscope print -T fields -e coap.response_time"),
    ("coapscope check --ignore hdr.vers", "coapscope check --ignore hdr.version"),
    ("coapscope print -i an", "coapscope print -i any"),
    ("coapscope print captures/REA", "coapscope print captures/README.md"),
    ("coapscope captures/REA", "coapscope captures/README.md"),
    ("coapscope stats -r captures/REA", "coapscope stats -r captures/README.md"),
];

/// The script of a shell, written into a folder.
fn write_script(shell: &str, path: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_coapscope")).args(["completions", shell]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::write(path, output.stdout).unwrap();
}

/// Whether the shell is here; without it a test is skipped by name, but with COAPSCOPE_PEERS=1.
fn is_here(shell: &str) -> bool {
    let run = Command::new(shell).args(["-c", "exit 0"]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    let found = run.is_ok_and(|status| status.success());
    if !found {
        skipped(&format!("{shell} is missing"));
    }
    found
}

/// Types each case into a shell with a prompt of `# `.
fn check(command: CommandBuilder) {
    let mut pty = Pty::start(command);
    for (typed, expected) in CASES {
        pty.wait_for("the prompt", |screen| screen.contents().trim_end().ends_with('#'));
        pty.press(&format!("{typed}\t"));
        pty.wait_for(expected, |screen| {
            screen.contents().lines().any(|line| line.trim_end() == format!("# {expected}"))
        });
        // The line is taken back, and the screen cleared.
        pty.press("\x15\x0c");
    }
}

#[test]
fn zsh_completes_what_is_typed() {
    if !is_here("zsh") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write_script("zsh", &folder.path().join("_coapscope"));
    let start = "PS1='# '; fpath=($ZDOTDIR $fpath); autoload -Uz compinit; compinit -u -D; bindkey -e\n";
    std::fs::write(folder.path().join(".zshrc"), start).unwrap();
    let mut command = CommandBuilder::new("zsh");
    command.args(["-d", "-i"]);
    command.env("ZDOTDIR", folder.path());
    check(command);
}

#[test]
fn bash_completes_what_is_typed() {
    if !is_here("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (script, start) = (folder.path().join("script"), folder.path().join("start"));
    write_script("bash", &script);
    std::fs::write(&start, format!("PS1='# '; . '{}'\n", script.display())).unwrap();
    let mut command = CommandBuilder::new("bash");
    command.args(["--noprofile", "--rcfile", start.to_str().unwrap(), "-i"]);
    check(command);
}

#[test]
fn fish_completes_what_is_typed() {
    if !is_here("fish") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    write_script("fish", &script);
    for (typed, expected) in CASES {
        let ask = format!("source '{}'; complete -C '{typed}'", script.display());
        let output =
            Command::new("fish").args(["--no-config", "-c", &ask]).env("HOME", folder.path()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let words: Vec<&str> = said.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, [expected.rsplit(' ').next().unwrap()], "{typed}");
    }
}
