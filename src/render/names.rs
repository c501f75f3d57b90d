//! What the resource that a message is about is called: by its server, by convention, by LwM2M.

use serde_json::{Value, json};

use super::Node;
use crate::coap::escape;
use crate::payload::names::{convention, lwm2m};
use crate::store::View;

/// A name and who gives it.
struct Name {
    /// As it came from the wire or a table: escape before printing.
    name: String,
    /// `description`, `convention` or `LwM2M`.
    by: &'static str,
    /// What tells it: a frame, a document.
    source: String,
}

fn names(view: &View<'_>) -> Vec<Name> {
    let resource = view.exchange().and_then(|row| view.store.resource(row.resource));
    let mut names = Vec::new();
    if let Some(described) = view.description() {
        let mut parts = Vec::new();
        for (label, text) in [("", &described.title), ("rt ", &described.resource_type), ("if ", &described.interface)]
        {
            if !text.is_empty() {
                parts.push(format!("{label}\"{text}\""));
            }
        }
        names.push(Name { name: parts.join(", "), by: "description", source: format!("frame {}", described.frame) });
    }
    if let Some(row) = resource.and_then(convention) {
        names.push(Name { name: row.meaning.into(), by: "convention", source: row.reference.into() });
    }
    // A lone number may be anything; two are still no proof, so the node says by whom the name is given.
    let likely = || view.path().filter(|path| path.matches('/').count() > 1);
    let certain = view.lwm2m_path();
    if let Some(name) = certain.or_else(likely).and_then(lwm2m) {
        let source = if certain.is_some() { "its server has registered as a LwM2M client" } else { "if it is one" };
        names.push(Name { name, by: "LwM2M", source: source.into() });
    }
    names
}

/// Nodes that say what the resource is.
pub(super) fn nodes(view: &View<'_>) -> Vec<Node> {
    let node = |name: &Name| {
        let label = match name.by {
            "description" => "Resource",
            "convention" => "By convention",
            _ => "As a resource of LwM2M",
        };
        let said = if name.by == "description" { "as its server says in " } else { "" };
        let text = format!("{} ({said}{})", escape::text(&name.name), name.source);
        Node::generated("coapscope.resource.name", label, text)
    };
    names(view).iter().map(node).collect()
}

/// The same as JSON: an array of names, each with who gives it; null where there is none.
pub(super) fn json(view: &View<'_>) -> Value {
    let names: Vec<Value> =
        names(view).iter().map(|name| json!({"name": name.name, "by": name.by, "source": name.source})).collect();
    if names.is_empty() { Value::Null } else { names.into() }
}
