//! `coapscope -D`: the interfaces, one a line, with what is needed to open them.

use super::Context;

/// Print the interfaces.
///
/// # Errors
/// Where they cannot be listed, or the output cannot be written.
#[cfg(feature = "live")]
pub fn run(context: &mut Context<'_>) -> anyhow::Result<()> {
    use std::io::Write;

    for (number, device) in (1..).zip(crate::capture::live::devices()?) {
        let access = device.access();
        writeln!(context.out, "{}", device.line(number, &access))?;
    }
    Ok(())
}

/// Say that this build captures nothing.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn run(_context: &mut Context<'_>) -> anyhow::Result<()> {
    anyhow::bail!("this coapscope was built without live capture; build it with the feature `live`")
}
