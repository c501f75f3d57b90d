//! `coapscope fields`: the names that -e and -Y know, from the one table of fields.

use std::io::Write;

use super::{Context, FieldsArgs};
use crate::field::{FIELDS, Field};
use crate::filter;

/// Print the fields, or those that have a word in them.
///
/// # Errors
/// Where there is no such field, or the output cannot be written.
pub fn run(args: &FieldsArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let wanted = args.word.as_deref().unwrap_or_default().to_lowercase();
    let has = |name: &str, help: &str| [name, help].iter().any(|text| text.to_lowercase().contains(&wanted));
    let fields: Vec<&Field> = FIELDS.iter().filter(|field| has(&field.name, &field.help)).collect();
    let functions: Vec<(&str, &str)> = filter::names().filter(|(name, help)| has(name, help)).collect();
    if fields.is_empty() && functions.is_empty() {
        let near = crate::field::find(&wanted).err().map(|unknown| unknown.to_string()).unwrap_or_default();
        anyhow::bail!("{wanted}: no field has that in its name or meaning; {near}");
    }
    let names = fields.iter().map(|field| field.name.len()).chain(functions.iter().map(|(name, _)| name.len() + 2));
    let width = names.max().unwrap_or_default();
    for field in fields {
        let later = if field.known_later { " Known later." } else { "" };
        writeln!(context.out, "{:<width$}  {:<13}  {}{later}", field.name, field.kind.name(), field.help)?;
        // A long list of words is of use only to who asked for the field.
        if let Some(words) = field.words.list().filter(|words| words.len() <= 12 || field.name == wanted) {
            writeln!(context.out, "{:<width$}  {:<13}  One of: {}.", "", "", words.join(", "))?;
        }
    }
    for (name, help) in functions {
        writeln!(context.out, "{:<width$}  {:<13}  {help}", format!("{name}()"), "function")?;
    }
    Ok(context.out.flush()?)
}
