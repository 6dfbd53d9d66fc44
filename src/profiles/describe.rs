//! What the TypeScript declarations of a profile are printed from.

use super::{NoMeta, Spec};

/// A Rust type that has a TypeScript name, or is one's expression.
pub trait Describe {
    /// The TypeScript expression; named types are entered into `types`.
    fn typescript(types: &mut Types) -> String;
}

/// One field of an interface.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name in JSON.
    pub name: &'static str,
    /// The TypeScript expression of its type.
    pub ty: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// Its documentation.
    pub doc: &'static str,
}

/// An interface.
#[derive(Debug, Clone)]
pub struct Interface {
    /// Its name.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// The interfaces met so far.
#[derive(Debug, Clone, Default)]
pub struct Types {
    /// In the order in which they were first needed: the whole before its parts.
    pub interfaces: Vec<Interface>,
}

impl Types {
    /// Whether the interface of this name is still to be described. Its place is kept.
    pub fn begin(&mut self, name: &'static str) -> bool {
        let new = self.interfaces.iter().all(|other| other.name != name);
        if new {
            self.interfaces.push(Interface {
                name,
                doc: "",
                fields: Vec::new(),
            });
        }
        new
    }

    /// Enters an interface.
    pub fn end(&mut self, name: &'static str, doc: &'static str, fields: Vec<Field>) {
        let place = self.interfaces.iter_mut().find(|other| other.name == name);
        if let Some(place) = place {
            *place = Interface { name, doc, fields };
        }
    }
}

/// All types of a profile.
#[derive(Debug, Clone)]
pub struct ProfileTypes {
    /// The profile's data.
    pub spec: Spec,
    /// The profile's documentation.
    pub doc: &'static str,
    /// The interfaces of payloads.
    pub types: Types,
    /// Event name, payload type, documentation.
    pub events: Vec<(&'static str, String, &'static str)>,
    /// The type of the envelope.
    pub meta: String,
}

impl ProfileTypes {
    /// The types of a profile without any event yet.
    pub fn new(spec: Spec, doc: &'static str) -> Self {
        ProfileTypes {
            spec,
            doc,
            types: Types::default(),
            events: Vec::new(),
            meta: String::new(),
        }
    }

    /// Enters the envelope's type.
    pub fn meta<M: Describe>(&mut self) {
        self.meta = M::typescript(&mut self.types);
    }

    /// Enters an event.
    pub fn event<P: Describe>(&mut self, name: &'static str, doc: &'static str) {
        let payload = P::typescript(&mut self.types);
        self.events.push((name, payload, doc));
    }
}

impl Describe for NoMeta {
    fn typescript(_: &mut Types) -> String {
        "undefined".to_owned()
    }
}

macro_rules! expressions {
    ($($ty:ty => $ts:literal),+ $(,)?) => {$(
        impl Describe for $ty {
            fn typescript(_: &mut Types) -> String {
                $ts.to_owned()
            }
        }
    )+};
}

expressions! {
    String => "string",
    bool => "boolean",
    u8 => "number",
    u16 => "number",
    u32 => "number",
    u64 => "number",
    i64 => "number",
    f64 => "number",
    serde_json::Number => "number",
    serde_json::Value => "unknown",
    serde_json::Map<String, serde_json::Value> => "Record<string, unknown>",
}

impl<T: Describe> Describe for Option<T> {
    fn typescript(types: &mut Types) -> String {
        match T::typescript(types) {
            // Null is among what is not known.
            ty if ty == "unknown" => ty,
            ty => format!("{ty} | null"),
        }
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn typescript(types: &mut Types) -> String {
        format!("Array<{}>", T::typescript(types))
    }
}

impl<T: Describe> Describe for std::collections::BTreeMap<String, T> {
    fn typescript(types: &mut Types) -> String {
        format!("Record<string, {}>", T::typescript(types))
    }
}
