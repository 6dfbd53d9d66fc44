//! The built-in profiles as TypeScript modules, printed from the tables.

use super::describe::{Interface, ProfileTypes};
use super::{
    Auth, Cursor, Discriminator, FilterQuery, Flags, Format, Heartbeat, Identity, Payload,
    Recovery, Repair, Spec, cortex, dashtam, hive, plain, stage_chat, stock_agent,
};
use std::fmt::Write as _;

/// A TypeScript file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name, `stock-agent.ts` say.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A module for each built-in profile, and the index that brings them together.
///
/// ```
/// use tidewire::profiles::typescript;
/// let modules = typescript::modules();
/// let hive = modules.iter().find(|module| module.name == "hive.ts").unwrap();
/// assert!(hive.text.contains("export interface HiveEvents {"));
/// ```
pub fn modules() -> Vec<Module> {
    let profiles = [
        dashtam::describe(),
        stock_agent::describe(),
        cortex::describe(),
        stage_chat::describe(),
        hive::describe(),
        plain::describe(),
    ];
    let mut modules: Vec<Module> = profiles
        .iter()
        .map(|profile| Module {
            name: format!("{}.ts", profile.spec.name),
            text: module(profile),
        })
        .collect();
    modules.push(Module {
        name: "index.ts".to_owned(),
        text: index(&profiles),
    });
    modules
}

const GENERATED: &str =
    "// Printed from the tables in src/profiles by `cargo xtask types`. Change those.\n";

fn index(profiles: &[ProfileTypes]) -> String {
    let mut out = format!(
        "/**\n * What each kind of server speaks. The payloads' types stand in a namespace for each\n \
         * profile: `Dashtam.AccountsCompleted`.\n */\n\n{GENERATED}\n"
    );
    for profile in profiles {
        let (file, value, name) = names(&profile.spec);
        let meta = match has_meta(profile) {
            true => format!(", type {name}Meta"),
            false => String::new(),
        };
        let _ = writeln!(
            out,
            "export {{ {value}, type {name}Categories, type {name}Events{meta} }} from './{file}.js';\n\
             export type * as {name} from './{file}.js';"
        );
    }
    out.push_str(
        "\nexport { defineProfile } from '../define-profile.js';\n\
         export type { AnyProfile, Profile, ProfileDefinition, TextDefinition } from '../profile.js';\n",
    );
    out
}

fn module(profile: &ProfileTypes) -> String {
    let (_, value, name) = names(&profile.spec);
    let mut out = doc(profile.doc, "");
    let _ = write!(
        out,
        "\n{GENERATED}\nimport {{ profileOf }} from '../profile.js';\n\n"
    );

    let _ = writeln!(
        out,
        "/** Event types, and their payloads. */\nexport interface {name}Events {{"
    );
    for (event, payload, about) in &profile.events {
        let _ = writeln!(out, "{}  {}: {payload};", doc(about, "  "), key(event));
    }
    out.push_str("}\n\n");

    let _ = writeln!(
        out,
        "/** Categories, and their event types. */\nexport interface {name}Categories {{"
    );
    for (index, category) in profile.spec.categories.iter().enumerate() {
        let union: Vec<String> = types_of(&profile.spec, index).map(quoted).collect();
        let one_line = format!("  {}: {};", key(category), union.join(" | "));
        if one_line.len() <= 100 {
            let _ = writeln!(out, "{one_line}");
        } else {
            let _ = writeln!(
                out,
                "  {}:\n    | {};",
                key(category),
                union.join("\n    | ")
            );
        }
    }
    out.push_str("}\n\n");

    for interface in &profile.types.interfaces {
        out.push_str(&declaration(interface, name_of(interface, profile, &name)));
        out.push('\n');
    }

    let meta = match has_meta(profile) {
        true => format!("{name}Meta"),
        false => "undefined".to_owned(),
    };
    let _ = write!(
        out,
        "{}export const {value} = /*#__PURE__*/ profileOf<{name}Events, {meta}, {name}Categories>({{\n{}}});\n",
        doc(profile.doc, ""),
        definition(&profile.spec)
    );
    out
}

/// File, value and type name of a profile: `stock-agent`, `stockAgent`, `StockAgent`.
fn names(spec: &Spec) -> (String, String, String) {
    let upper: String = spec.name.split('-').map(capitalised).collect();
    let mut value = upper.clone();
    value[..1].make_ascii_lowercase();
    (spec.name.to_string(), value, upper)
}

fn capitalised(word: &str) -> String {
    let mut word = word.to_owned();
    word[..1].make_ascii_uppercase();
    word
}

fn has_meta(profile: &ProfileTypes) -> bool {
    profile.meta != "undefined"
}

/// The envelope is named after its profile, since it is exported beside the others'.
fn name_of(interface: &Interface, profile: &ProfileTypes, name: &str) -> String {
    match interface.name == profile.meta {
        true => format!("{name}{}", interface.name),
        false => interface.name.to_owned(),
    }
}

fn declaration(interface: &Interface, name: String) -> String {
    let about = doc(interface.doc, "");
    if interface.fields.is_empty() {
        return format!("{about}export type {name} = Record<string, never>;\n");
    }
    let mut out = format!("{about}export interface {name} {{\n");
    for field in &interface.fields {
        let _ = writeln!(
            out,
            "{}  {}{}: {};",
            doc(field.doc, "  "),
            key(field.name),
            if field.optional { "?" } else { "" },
            field.ty
        );
    }
    out.push_str("}\n");
    out
}

/// A comment of the text that `///` lines hold.
fn doc(text: &str, indent: &str) -> String {
    let lines: Vec<&str> = text
        .trim_end()
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    match lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let body: String = lines
                .iter()
                .map(|line| format!("{}\n", format!("{indent} * {line}").trim_end()))
                .collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}

fn types_of(spec: &Spec, category: usize) -> impl Iterator<Item = &str> {
    let events = spec.events.iter();
    events
        .filter(move |event| usize::from(event.category) == category)
        .map(|event| event.name.as_ref())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn key(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match plain && !name.starts_with(|first: char| first.is_ascii_digit()) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// The lists of event types that are flagged, as `defineProfile` calls them.
const LISTS: [(&str, Flags); 8] = [
    ("critical", Flags::CRITICAL),
    ("droppable", Flags::DROPPABLE),
    ("replayed", Flags::REPLAYED),
    ("terminal", Flags::TERMINAL),
    ("noCursor", Flags::NO_CURSOR),
    ("onRequest", Flags::ON_REQUEST),
    ("heartbeats", Flags::HEARTBEAT),
    ("recurring", Flags::RECURRING),
];

/// Where the text of an answer stands, for the profiles that have answers.
fn text(profile: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    match profile {
        "stock-agent" => &[
            ("append", "chunk", "content"),
            ("replace", "result", "content"),
            ("fail", "error", "message"),
        ],
        "stage-chat" => &[
            (
                "append",
                "chat_completion_chunk",
                "chunk.choices.0.delta.content",
            ),
            (
                "append",
                "tool_completion_chunk",
                "tool_results.choices.0.delta.content",
            ),
            ("fail", "error", "error"),
            // It says no more than its name; without an entry a cancelled answer looked whole.
            ("fail", "cancel", "reason"),
        ],
        _ => &[],
    }
}

/// The members of the definition: what differs from [`Spec::new`], and nothing else.
fn definition(spec: &Spec) -> String {
    let standard = Spec::new("");
    let mut out = Members::default();
    out.member("name", &quoted(&spec.name));
    match &spec.discriminator {
        Discriminator::Event => {}
        Discriminator::Field(name) => out.member("discriminator", &object("field", name)),
        Discriminator::None => out.member("discriminator", "'none'"),
    }
    if let Payload::Field(name) = &spec.payload {
        out.member("payload", &object("field", name));
    }
    if spec.format == Format::Text {
        out.member("format", "'text'");
    }
    out.0.push_str("  categories: {\n");
    for (index, category) in spec.categories.iter().enumerate() {
        out.list(4, &key(category), types_of(spec, index));
    }
    out.0.push_str("  },\n");
    let aliases: Vec<String> = spec
        .events
        .iter()
        .flat_map(|event| event.aliases.iter().map(move |alias| (alias, &event.name)))
        .map(|(alias, name)| format!("{}: {}", key(alias), quoted(name)))
        .collect();
    if !aliases.is_empty() {
        out.member("aliases", &format!("{{ {} }}", aliases.join(", ")));
    }
    for (list, flag) in LISTS {
        let flagged = spec.events.iter().filter(|event| event.flags.has(flag));
        out.list(2, list, flagged.map(|event| event.name.as_ref()));
    }
    if spec.open {
        out.member("open", "true");
    }
    out.list(2, "prefixes", spec.prefixes.iter().map(AsRef::as_ref));
    let filter = match &spec.filter {
        FilterQuery::Local => None,
        FilterQuery::Categories { parameter, list } => Some(("categories", parameter, list)),
        FilterQuery::Types { parameter, list } => Some(("types", parameter, list)),
    };
    if let Some((by, parameter, list)) = filter {
        let (parameter, list) = (quoted(parameter), list.as_str());
        out.member(
            "filter",
            &format!("{{ by: '{by}', parameter: {parameter}, list: '{list}' }}"),
        );
    }
    match &spec.cursor {
        Cursor::None => out.member("cursor", "'none'"),
        Cursor::Header => {}
        Cursor::HeaderAndQuery(name) => out.member("cursor", &object("query", name)),
    }
    match &spec.auth {
        Auth::Bearer => {}
        Auth::Header(name) => out.member("auth", &object("header", name)),
        Auth::Query(name) => out.member("auth", &object("query", name)),
    }
    match spec.heartbeat {
        Heartbeat::None => {}
        Heartbeat::Comment(every) => out.member("heartbeat", &format!("{{ comment: {every} }}")),
        Heartbeat::Event(every) => out.member("heartbeat", &format!("{{ event: {every} }}")),
    }
    if let Some(end) = &spec.end {
        out.member("end", &quoted(end));
    }
    if spec.runs_once {
        out.member("runsOnce", "true");
    }
    if !spec.gone.is_empty() {
        let statuses: Vec<String> = spec.gone.iter().map(u16::to_string).collect();
        out.member("gone", &format!("[{}]", statuses.join(", ")));
    }
    match &spec.identity {
        Identity::None => {}
        Identity::Id => out.member("identity", "'id'"),
        Identity::SequenceOrText(name) => out.member("identity", &object("sequence", name)),
        Identity::Field(name) => out.member("identity", &object("field", name)),
    }
    match spec.recovery {
        Recovery::None => {}
        Recovery::Cursor => out.member("recovery", "'cursor'"),
        Recovery::History => out.member("recovery", "'history'"),
    }
    if spec.repair == Repair::LineBreaks {
        out.member("repair", "'line-breaks'");
    }
    if spec.retry != standard.retry {
        out.member("retry", &spec.retry.to_string());
    }
    if spec.max_retry != standard.max_retry {
        out.member("maxRetry", &spec.max_retry.to_string());
    }
    out.text(text(&spec.name));
    out.0
}

#[derive(Default)]
struct Members(String);

impl Members {
    fn member(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "  {name}: {value},");
    }

    /// A list of names, on one line if it fits; nothing for an empty one.
    fn list<'n>(&mut self, indent: usize, name: &str, names: impl Iterator<Item = &'n str>) {
        let names: Vec<String> = names.map(quoted).collect();
        if names.is_empty() {
            return;
        }
        let space = " ".repeat(indent);
        let one_line = format!("{space}{name}: [{}],", names.join(", "));
        if one_line.len() <= 100 {
            let _ = writeln!(self.0, "{one_line}");
        } else {
            let names = names.join(&format!(",\n{space}  "));
            let _ = writeln!(self.0, "{space}{name}: [\n{space}  {names},\n{space}],");
        }
    }

    fn text(&mut self, paths: &[(&str, &str, &str)]) {
        if paths.is_empty() {
            return;
        }
        self.0.push_str("  text: {\n");
        for how in ["append", "replace", "fail"] {
            let of_it = paths.iter().filter(|(other, _, _)| *other == how);
            let entries: Vec<String> = of_it
                .map(|(_, event, path)| format!("{}: {}", key(event), quoted(path)))
                .collect();
            if !entries.is_empty() {
                let one_line = format!("    {how}: {{ {} }},", entries.join(", "));
                if one_line.len() <= 100 {
                    let _ = writeln!(self.0, "{one_line}");
                } else {
                    let entries = entries.join(",\n      ");
                    let _ = writeln!(self.0, "    {how}: {{\n      {entries},\n    }},");
                }
            }
        }
        self.0.push_str("  },\n");
    }
}

fn object(name: &str, value: &str) -> String {
    format!("{{ {name}: {} }}", quoted(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_of_several_lines_keeps_them() {
        assert_eq!(doc(" One.\n", "  "), "  /** One. */\n");
        assert_eq!(doc(" One,\n two.\n", ""), "/**\n * One,\n * two.\n */\n");
        assert_eq!(
            doc(" One.\n\n Two.\n", ""),
            "/**\n * One.\n *\n * Two.\n */\n"
        );
    }

    #[test]
    fn a_definition_says_what_differs_and_nothing_else() {
        let mut spec = Spec::new("prices");
        spec.categories = vec!["market".into()].into();
        spec.events = vec![super::super::EventSpec::new("price.tick", 0).droppable()].into();
        assert_eq!(
            definition(&spec),
            "  name: 'prices',\n  categories: {\n    market: ['price.tick'],\n  },\n  \
             droppable: ['price.tick'],\n"
        );
    }

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        assert_eq!(key("data_sync"), "data_sync");
        assert_eq!(key("sync.accounts"), "'sync.accounts'");
        assert_eq!(key("2fa"), "'2fa'");
        assert_eq!(quoted("it's"), "'it\\'s'");
    }
}
