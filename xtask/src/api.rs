//! `api`: what the published crates make public, as tracked lists. A name that appears in one is
//! a promise; the lists are there so that it is seen when one is made, or broken.
//!
//! They are read off what `cargo doc` writes, since its JSON is not to be had of a stable Rust.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// The published crates: the package, and its name in a path.
const CRATES: [(&str, &str); 2] = [
    ("tidewire", "tidewire"),
    ("tidewire-server", "tidewire_server"),
];

/// Writes `docs/api`, or says what has changed.
pub(crate) fn api(workspace: &Workspace, check: bool) -> Outcome<()> {
    let docs = workspace.target.join("doc");
    for (_, name) in CRATES {
        // So that it is written anew: other documentation of the same crate goes there too.
        let index = docs.join(name).join("index.html");
        if index.exists() {
            fs::remove_file(&index).map_err(|error| Failure::at(&index, &error))?;
        }
    }
    let packages = CRATES
        .iter()
        .flat_map(|(package, _)| ["--package", package]);
    process::run(
        workspace
            .cargo()
            .args(["doc", "--quiet", "--no-deps", "--all-features"])
            .args(packages),
    )?;
    let mut stale = Vec::new();
    for (package, name) in CRATES {
        let list = list(name, &docs.join(name))?;
        let path = workspace.path("docs/api").join(format!("{package}.txt"));
        let tracked = fs::read_to_string(&path).unwrap_or_default();
        match check {
            true => stale.extend(differences(&tracked, &list)),
            false => fs::write(&path, list).map_err(|error| Failure::at(&path, &error))?,
        }
    }
    match stale.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "what is public has changed; if that is meant, run `cargo xtask api`\n{}",
            stale.join("\n")
        ))),
    }
}

/// The lines that only one of the two has, marked as in a patch.
fn differences(tracked: &str, now: &str) -> Vec<String> {
    let [before, after] = [tracked, now].map(|text| qualified(text).collect::<BTreeSet<_>>());
    let gone = before.difference(&after).map(|line| format!("- {line}"));
    let new = after.difference(&before).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

/// The lines of a list; members with the item that they belong to.
fn qualified(list: &str) -> impl Iterator<Item = String> {
    let mut item = "";
    list.lines()
        .filter(|line| !line.is_empty())
        .map(move |line| match line.strip_prefix("    ") {
            Some(member) => format!("{item}: {member}"),
            None => {
                item = line;
                line.to_owned()
            }
        })
}

/// All that is public in a crate, sorted, members below their items.
fn list(name: &str, docs: &Path) -> Outcome<String> {
    let read =
        |path: PathBuf| fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error));
    let all = read(docs.join("all.html"))?;
    let mut items = Vec::new();
    for (page, path) in items_of(&all) {
        let kind = page
            .rsplit('/')
            .next()
            .and_then(|file| file.split('.').next());
        let kind = kind.unwrap_or_default();
        let members = members_of(&read(docs.join(page))?);
        items.push((format!("{name}::{path}"), kind, members));
    }
    if items.is_empty() {
        return Err(Failure::new(format!("{} lists nothing", docs.display())));
    }
    items.sort();
    let mut list = String::new();
    for (path, kind, members) in items {
        // Writing into a String cannot fail.
        let _ = writeln!(list, "{kind} {path}");
        for member in members {
            let _ = writeln!(list, "    {member}");
        }
    }
    Ok(list)
}

/// The pages that the list of all items links to, with the items' paths.
fn items_of(all: &str) -> impl Iterator<Item = (&str, &str)> {
    all.split("<li><a href=\"").skip(1).filter_map(|rest| {
        let (page, rest) = rest.split_once("\">")?;
        // The first ones lead to the places in the list.
        page.ends_with(".html")
            .then_some((page, rest.split_once("</a>")?.0))
    })
}

/// What an item has of its own, and the traits that it was given.
fn members_of(page: &str) -> BTreeSet<String> {
    // What every type has by the compiler's or other crates' doing.
    let ours = [
        "id=\"synthetic-implementations\"",
        "id=\"blanket-implementations\"",
        "id=\"implementors\"",
        "id=\"foreign-impls\"",
    ]
    .iter()
    .fold(page, |page, end| page.split(end).next().unwrap_or_default());
    let (own, traits) = ours
        .split_once("id=\"trait-implementations\"")
        .unwrap_or((ours, ""));
    let own = ids(own).filter_map(|id| {
        let (kind, name) = id.split_once('.')?;
        let kind = match kind {
            "structfield" => "field",
            "variant" if name.ends_with(".fields") => return None,
            "variant" => "variant",
            "method" | "tymethod" => "fn",
            "associatedtype" => "type",
            "associatedconstant" => "const",
            _ => return None,
        };
        Some(format!("{kind} {}", name.replace(".field.", ".")))
    });
    let traits = ids(traits).filter_map(|id| {
        let (name, _) = id.strip_prefix("impl-")?.split_once("-for-")?;
        // It is what `derive(PartialEq)` leaves behind.
        (name != "StructuralPartialEq").then(|| format!("impl {}", unescaped(name)))
    });
    own.chain(traits).collect()
}

fn ids(page: &str) -> impl Iterator<Item = &str> {
    page.split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

/// The text of the end of an address.
fn unescaped(text: &str) -> String {
    [
        ("%3C", "<"),
        ("%3E", ">"),
        ("%26", "&"),
        ("%5B", "["),
        ("%5D", "]"),
        ("+", " "),
    ]
    .iter()
    .fold(text.to_owned(), |text, (code, character)| {
        text.replace(code, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<section id="main-content">
        <span id="structfield.url" class="structfield">
        <section id="variant.Gap" class="variant"><div id="variant.Gap.fields">
        <span id="variant.Gap.field.reason">
        <h2 id="implementations"><section id="impl-Client%3CP%3E"><section id="method.new">
        <h2 id="trait-implementations"><section id="impl-From%3CCategory%3E-for-Cow%3C'static,+str%3E">
        <section id="method.clone"><section id="impl-StructuralPartialEq-for-Client">
        <h2 id="synthetic-implementations"><section id="impl-Send-for-Client">
        <h2 id="blanket-implementations"><section id="impl-Any-for-T"><section id="method.type_id">"##;

    #[test]
    fn of_a_page_what_is_the_items_own_is_read_and_the_traits_by_name() {
        let members: Vec<String> = members_of(PAGE).into_iter().collect();
        assert_eq!(
            members,
            [
                "field url",
                "fn new",
                "impl From<Category>",
                "variant Gap",
                "variant Gap.reason"
            ]
        );
    }

    #[test]
    fn items_are_read_off_the_list_of_all() {
        let all = "<li><a href=\"#structs\" title=\"Structs\">Structs</a></li>\
                   <ul class=\"all-items\"><li><a href=\"client/struct.Client.html\">\
                   client::Client</a></li></ul>";
        let items: Vec<_> = items_of(all).collect();
        assert_eq!(items, [("client/struct.Client.html", "client::Client")]);
    }

    #[test]
    fn what_came_and_what_went_is_told_with_where_it_belongs() {
        let before = "struct a::A\n    fn new\n    fn old\nstruct a::B\n";
        let after = "struct a::A\n    fn new\n    fn next\nstruct a::B\n";
        assert_eq!(
            differences(before, after),
            ["- struct a::A: fn old", "+ struct a::A: fn next"]
        );
        assert!(differences(before, before).is_empty());
    }
}
