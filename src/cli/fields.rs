//! `coapscope fields`: the names that -e and -Y know, from the one table of fields.

use std::io::Write;

use super::{Context, FieldsArgs};
use crate::field::{FIELDS, Field, Words};
use crate::filter;

/// Print the fields, or those that have all of some words in them.
///
/// # Errors
/// Where there is no such field, or the output cannot be written.
pub fn run(args: &FieldsArgs, context: &mut Context<'_>) -> anyhow::Result<()> {
    let typed = args.words.join(" ");
    let wanted: Vec<String> = typed.split_whitespace().map(plain).collect();
    let has = |texts: &[&str]| {
        let text = plain(&texts.join(" "));
        wanted.iter().all(|word| text.contains(word))
    };
    let fields: Vec<&Field> = FIELDS.iter().filter(|field| has(&[&field.name, &field.help, &values(field)])).collect();
    let functions: Vec<(&str, &str)> = filter::names().filter(|(name, help)| has(&[name, help])).collect();
    if fields.is_empty() && functions.is_empty() {
        let near = crate::field::find(&typed).err().filter(|near| near.elsewhere.is_some() || !near.nearest.is_empty());
        let way = near.map_or_else(|| "`coapscope fields` lists them all".to_owned(), |near| near.to_string());
        anyhow::bail!("{typed}: no field has that in its name, meaning or values; {way}");
    }
    let names = fields.iter().map(|field| field.name.len()).chain(functions.iter().map(|(name, _)| name.len() + 2));
    let width = names.max().unwrap_or_default();
    for field in fields {
        let later = if field.known_later { " Known later." } else { "" };
        writeln!(context.out, "{:<width$}  {:<13}  {}{later}", field.name, field.kind.name(), field.help)?;
        // A long list of words is of use only to who asked for the field.
        if let Some(words) = field.words.list().filter(|words| words.len() <= 12 || field.name == typed) {
            let what = match field.words {
                Words::Among(..) => "Such as",
                Words::Names(..) | Words::Numbers(..) => "Or by name",
                _ => "One of",
            };
            writeln!(context.out, "{:<width$}  {:<13}  {what}: {}.", "", "", words.join(", "))?;
        }
    }
    for (name, help) in functions {
        writeln!(context.out, "{:<width$}  {:<13}  {help}", format!("{name}()"), "function")?;
    }
    Ok(context.out.flush()?)
}

/// A text in which words are looked for: in small letters, what joins words taken for a space.
fn plain(text: &str) -> String {
    text.to_lowercase().replace('-', " ")
}

/// The values of a field that have names.
fn values(field: &Field) -> String {
    field.words.list().unwrap_or_default().join(" ")
}
