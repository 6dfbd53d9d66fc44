//! What a kind of server speaks, as plain data.

use alloc::borrow::Cow;
use alloc::string::String;

/// A name or text that is either part of the program or was made at run time.
pub type Name = Cow<'static, str>;

/// Everything the filter, the connection and the driver have to know of a kind of server.
///
/// A `Spec` holds no function and no type parameter, so that a profile which is chosen, or even
/// defined, at run time from JavaScript enters by the same door as a built-in one.
///
/// ```
/// use tidewire::profiles::{Discriminator, EventSpec, Spec};
///
/// let mut spec = Spec::new("prices");
/// spec.discriminator = Discriminator::Field("kind".into());
/// spec.categories = vec!["market".into()].into();
/// spec.events = vec![EventSpec::new("tick", 0), EventSpec::new("halt", 0).critical()].into();
/// assert!(spec.check().is_ok());
/// assert_eq!(spec.category_of("tick"), Some("market"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The profile's name, for messages.
    pub name: Name,
    /// Where an event's type stands.
    pub discriminator: Discriminator,
    /// Where the payload stands within the data.
    pub payload: Payload,
    /// What the payload is written in.
    pub format: Format,
    /// The categories; [`EventSpec::category`] counts into them.
    pub categories: Cow<'static, [Name]>,
    /// The event types that the profile knows.
    pub events: Cow<'static, [EventSpec]>,
    /// Whether names outside the table are ordinary here, so that a filter may name them.
    pub open: bool,
    /// `<prefix>.name` means `name` for each of these prefixes.
    pub prefixes: Cow<'static, [Name]>,
    /// How a filter goes to the server.
    pub filter: FilterQuery,
    /// How a connection goes on where the last one ended.
    pub cursor: Cursor,
    /// Where the token goes.
    pub auth: Auth,
    /// What shows that a silent server lives.
    pub heartbeat: Heartbeat,
    /// Data that ends the stream as a whole, `[DONE]` say. Types that do are flagged
    /// [`Flags::TERMINAL`].
    pub end: Option<Name>,
    /// A request runs something and must not be sent twice: one-shot answers.
    pub runs_once: bool,
    /// Statuses that mean that what was asked for has ended for good.
    pub gone: Cow<'static, [u16]>,
    /// How an event that comes again is recognised.
    pub identity: Identity,
    /// What the server sends again after a reconnection.
    pub recovery: Recovery,
    /// What must be mended in the text before it is JSON.
    pub repair: Repair,
    /// Milliseconds: the profile's own reconnection time, until the server names one.
    pub retry: u32,
    /// Milliseconds: the cap on the reconnection delay.
    pub max_retry: u32,
}

/// Where an event's type stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discriminator {
    /// In the `event` field.
    Event,
    /// In this top-level member of the JSON data.
    Field(Name),
    /// Nowhere: every event is of the first type of the table, or of its `event` name if that is
    /// in the table.
    None,
}

/// Where the payload stands within the data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// The data is the payload.
    Whole,
    /// The payload is this member of the data; the others are the envelope.
    Field(Name),
}

/// What the payload is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    Json,
    /// Text, handed on as it is.
    Text,
}

/// How a filter goes to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterQuery {
    /// Not at all: the server sends everything.
    Local,
    /// As category names.
    Categories {
        /// The query parameter.
        parameter: Name,
        /// How several are written.
        list: List,
    },
    /// As event type names.
    Types {
        /// The query parameter.
        parameter: Name,
        /// How several are written.
        list: List,
    },
}

/// How several values of one query parameter are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum List {
    /// `?a=x,y`
    Comma,
    /// `?a=x&a=y`
    Repeated,
    /// `?a=x,y`, and `?a=x&a=y` once the first was answered by an immediate cut.
    CommaThenRepeated,
}

/// How a connection goes on where the last one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cursor {
    /// It cannot: ids, where there are any, are labels.
    None,
    /// By the `Last-Event-ID` header.
    Header,
    /// By the header and this query parameter.
    HeaderAndQuery(Name),
}

/// Where the token goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// In this header, as it is.
    Header(Name),
    /// In this query parameter: the only way that a token comes into a URL.
    Query(Name),
}

/// What shows that a silent server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heartbeat {
    /// Nothing.
    None,
    /// A comment every so many milliseconds of silence.
    Comment(u32),
    /// An event flagged [`Flags::HEARTBEAT`] every so many milliseconds.
    Event(u32),
}

/// How an event that comes again is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// It is not.
    None,
    /// By its `id`.
    Id,
    /// By this top-level member of its data, a number that grows (0 says nothing), or else by
    /// the whole text.
    SequenceOrText(Name),
    /// By this member of its payload, within its type; types flagged [`Flags::RECURRING`] and
    /// payloads without the member are not.
    Field(Name),
}

/// What the server sends again after a reconnection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Nothing: what was sent meanwhile is lost.
    None,
    /// What came after the cursor, as far as the server still has it.
    Cursor,
    /// A history of the types flagged [`Flags::REPLAYED`], on every connection.
    History,
}

/// What must be mended in the text before it is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// Nothing.
    None,
    /// A line break inside a JSON string: the server split its text at characters that end a line
    /// for Python and not for the event stream. It is escaped as `\n`.
    LineBreaks,
}

/// One event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpec {
    /// The name, as it stands on the wire.
    pub name: Name,
    /// Other names for the same type.
    pub aliases: Cow<'static, [Name]>,
    /// The index of its category in [`Spec::categories`].
    pub category: u8,
    /// What is known of it.
    pub flags: Flags,
}

/// What is known of an event type: a set of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub(crate) u8);

impl Flags {
    /// Nothing is known.
    pub const NONE: Flags = Flags(0);
    /// Losing one breaks the application's state: never dropped.
    pub const CRITICAL: Flags = Flags(1);
    /// A later one makes up for a lost one.
    pub const DROPPABLE: Flags = Flags(2);
    /// The server may send it again after a reconnection.
    pub const REPLAYED: Flags = Flags(4);
    /// It ends the stream.
    pub const TERMINAL: Flags = Flags(8);
    /// Its id cannot be a cursor.
    pub const NO_CURSOR: Flags = Flags(16);
    /// The server sends it only when it is asked for by name.
    pub const ON_REQUEST: Flags = Flags(32);
    /// It shows that the server lives.
    pub const HEARTBEAT: Flags = Flags(64);
    /// The member of [`Identity::Field`] says what it is about, not which event it is: a second
    /// one with the same is no repetition.
    pub const RECURRING: Flags = Flags(128);

    /// Whether all of `other` is set.
    ///
    /// ```
    /// use tidewire::profiles::Flags;
    /// assert!(Flags::CRITICAL.with(Flags::REPLAYED).has(Flags::REPLAYED));
    /// ```
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is set.
    #[inline]
    pub(crate) const fn has_any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[inline]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl EventSpec {
    /// A type of this name in the category of this index.
    pub fn new(name: impl Into<Name>, category: u8) -> Self {
        EventSpec {
            name: name.into(),
            aliases: Cow::Borrowed(&[]),
            category,
            flags: Flags::NONE,
        }
    }

    /// The same, flagged critical.
    pub fn critical(mut self) -> Self {
        self.flags = self.flags.with(Flags::CRITICAL);
        self
    }

    /// The same, flagged droppable.
    pub fn droppable(mut self) -> Self {
        self.flags = self.flags.with(Flags::DROPPABLE);
        self
    }

    /// The same, flagged terminal.
    pub fn terminal(mut self) -> Self {
        self.flags = self.flags.with(Flags::TERMINAL);
        self
    }
}

impl Spec {
    /// The manners of a server of which nothing is known: named events of JSON, the cursor in
    /// the header, a bearer token, an endless stream.
    pub fn new(name: impl Into<Name>) -> Spec {
        Spec {
            name: name.into(),
            discriminator: Discriminator::Event,
            payload: Payload::Whole,
            format: Format::Json,
            categories: Cow::Borrowed(&[]),
            events: Cow::Borrowed(&[]),
            open: false,
            prefixes: Cow::Borrowed(&[]),
            filter: FilterQuery::Local,
            cursor: Cursor::Header,
            auth: Auth::Bearer,
            heartbeat: Heartbeat::None,
            end: None,
            runs_once: false,
            gone: Cow::Borrowed(&[]),
            identity: Identity::None,
            recovery: Recovery::None,
            repair: Repair::None,
            retry: 1_000,
            max_retry: 30_000,
        }
    }

    /// The event type of this name or alias, with its index.
    pub fn event(&self, name: &str) -> Option<(usize, &EventSpec)> {
        let find = |name: &[u8]| {
            let is_so = |other: &Name| other.as_bytes() == name;
            let mut events = self.events.iter().enumerate();
            events.find(|(_, event)| is_so(&event.name) || event.aliases.iter().any(is_so))
        };
        let name = name.as_bytes();
        find(name).or_else(|| find(self.bytes_without_prefix(name)?))
    }

    /// The category of the event type of this name or alias; `None` for an unknown name.
    pub fn category_of(&self, name: &str) -> Option<&str> {
        let (_, event) = self.event(name)?;
        self.categories
            .get(usize::from(event.category))
            .map(Cow::as_ref)
    }

    /// `name` less a prefix of [`Spec::prefixes`] and its dot, if it has one.
    pub fn without_prefix<'n>(&self, name: &'n str) -> Option<&'n str> {
        let rest = self.bytes_without_prefix(name.as_bytes())?;
        name.get(name.len() - rest.len()..)
    }

    /// The same, of a name that need not be UTF-8.
    pub(crate) fn bytes_without_prefix<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let rest = |prefix: &Name| name.strip_prefix(prefix.as_bytes())?.strip_prefix(b".");
        self.prefixes.iter().find_map(rest)
    }

    /// Whether the server says when a stream is complete: by an end mark or a terminal event.
    pub fn has_end(&self) -> bool {
        let terminal = |event: &EventSpec| event.flags.has(Flags::TERMINAL);
        self.end.is_some() || self.events.iter().any(terminal)
    }

    /// Says what is wrong with a spec that was made at run time.
    pub fn check(&self) -> Result<(), SpecError> {
        let wrong = |what: &[&str]| {
            let what = what.concat();
            Err(SpecError(["profile '", &self.name, "': ", &what].concat()))
        };
        if self.events.len() >= usize::from(u16::MAX) {
            return wrong(&["more than 65,534 event types"]);
        }
        if self.categories.len() > usize::from(u8::MAX) + 1 {
            return wrong(&["more than 256 categories"]);
        }
        for (index, event) in self.events.iter().enumerate() {
            if usize::from(event.category) >= self.categories.len() {
                return wrong(&["event '", &event.name, "' names no category"]);
            }
            let names = || core::iter::once(&event.name).chain(event.aliases.iter());
            for name in names() {
                if self.events[..index]
                    .iter()
                    .any(|other| other.name == *name || other.aliases.contains(name))
                {
                    return wrong(&["two events are called '", name, "'"]);
                }
            }
        }
        if self.discriminator == Discriminator::None && self.events.is_empty() {
            return wrong(&["no discriminator and no event type"]);
        }
        Ok(())
    }
}

/// Why a [`Spec`] cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError(pub(crate) String);

impl core::fmt::Display for SpecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SpecError {}
