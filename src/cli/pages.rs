//! `coapscope completions` and `coapscope man`: pages printed from the arguments themselves.

use clap::CommandFactory;

use super::{Cli, Context};

/// Print the completions of a shell.
///
/// # Errors
/// Where the output cannot be written.
pub fn completions(shell: clap_complete::Shell, context: &mut Context<'_>) -> anyhow::Result<()> {
    // The generator panics where a write fails, so it writes to memory.
    let mut page = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "coapscope", &mut page);
    Ok(std::io::Write::write_all(&mut context.out, &page)?)
}

/// Print the manual page, with those of the subcommands behind it.
///
/// # Errors
/// Where the output cannot be written.
pub fn manual(context: &mut Context<'_>) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut context.out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        clap_mangen::Man::new(subcommand.clone()).render(&mut context.out)?;
    }
    Ok(())
}
