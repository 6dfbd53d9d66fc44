//! What of a stream is wanted: the query that asks the server for it, and the mask that is laid
//! over what comes.

use crate::digits::joined;
use crate::profiles::{EventSpec, FilterQuery, Flags, List, Name, Spec};
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// Categories, exact types and globs; an event passes that is named by any of them.
///
/// [`Filter::all`] passes everything, events unknown to the profile included. Any other passes what
/// it names and nothing else, so one whose lists are empty passes nothing; an unknown event passes
/// only if a type or glob names it. `*` in a glob stands for any run of characters, dots included.
/// Where `<prefix>.name` means `name`, a glob may mean it by either.
///
/// ```
/// use tidewire::filter::Filter;
/// use tidewire::profiles::{cortex, dashtam};
///
/// let filter = Filter::categories(["security"]).and_types(["sync.*.failed"]);
/// let subscription = filter.compile(&dashtam::spec())?;
/// assert!(subscription.passes_known(dashtam::EventType::SyncHoldingsFailed as usize));
/// assert!(!subscription.passes_known(dashtam::EventType::SyncHoldingsStarted as usize));
/// // Dashtam filters by category; the mask does the rest.
/// assert_eq!(subscription.query(false), [("categories".into(), "data_sync,security".into())]);
///
/// let error = Filter::categories(["data-sync"]).compile(&dashtam::spec()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "dashtam has no category 'data-sync' (did you mean 'data_sync'?); \
///      there are data_sync, provider, ai, import, portfolio, security"
/// );
/// # Ok::<(), tidewire::filter::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Lists were given, though they may be empty.
    narrows: bool,
    categories: Vec<Name>,
    types: Vec<Name>,
}

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Filter::default()
    }

    /// The events of these categories.
    pub fn categories<N: Into<Name>>(names: impl IntoIterator<Item = N>) -> Self {
        Filter::all().and_categories(names)
    }

    /// The events of these types: exact names or globs.
    pub fn types<N: Into<Name>>(names: impl IntoIterator<Item = N>) -> Self {
        Filter::all().and_types(names)
    }

    /// These categories as well.
    pub fn and_categories<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.narrows = true;
        self.categories.extend(names.into_iter().map(Into::into));
        self
    }

    /// These types as well.
    pub fn and_types<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.narrows = true;
        self.types.extend(names.into_iter().map(Into::into));
        self
    }

    /// This category or type as well.
    #[doc(hidden)]
    pub fn name(&mut self, name: String, is_category: bool) {
        self.narrows = true;
        match is_category {
            true => &mut self.categories,
            false => &mut self.types,
        }
        .push(name.into());
    }

    /// The types that are named exactly, whether or not the profile knows them.
    #[cfg(all(feature = "browser", target_arch = "wasm32"))]
    pub(crate) fn exact_types(&self) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .map(Name::as_ref)
            .filter(|name| !name.contains('*'))
    }

    /// All that is named, whatever order it was named in: categories first.
    #[cfg(feature = "client")]
    pub(crate) fn sorted_names(&self) -> Vec<&Name> {
        let (mut categories, mut types) = (Vec::new(), Vec::new());
        categories.extend(&self.categories);
        types.extend(&self.types);
        categories.sort();
        types.sort();
        categories.append(&mut types);
        categories
    }

    /// Whether it passes everything because it names nothing.
    #[cfg(feature = "client")]
    pub(crate) fn is_all(&self) -> bool {
        !self.narrows
    }

    /// Whether the same is named, in whatever order and however often.
    #[cfg(feature = "client")]
    pub(crate) fn names_the_same(&self, other: &Filter) -> bool {
        let all_in = |mine: &[Name], theirs: &[Name]| mine.iter().all(|name| theirs.contains(name));
        let same = |a: &[Name], b: &[Name]| all_in(a, b) && all_in(b, a);
        self.narrows == other.narrows
            && same(&self.categories, &other.categories)
            && same(&self.types, &other.types)
    }

    /// What passes all that any of these passes. Without any, or if they are all empty: nothing.
    #[cfg(feature = "client")]
    pub(crate) fn union<'a>(filters: impl Iterator<Item = &'a Filter>, spec: &Spec) -> Filter {
        let mut union = Filter {
            narrows: true,
            ..Filter::default()
        };
        let mut everything = false;
        for filter in filters {
            everything |= filter.is_all();
            for (all, names) in [
                (&mut union.categories, &filter.categories),
                (&mut union.types, &filter.types),
            ] {
                for name in names {
                    if !all.contains(name) {
                        all.push(name.clone());
                    }
                }
            }
        }
        if !everything {
            return union;
        }
        let named = union.compile(spec);
        let asks_specially = named.is_ok_and(|named| {
            let mut events = (0..).zip(spec.events.iter());
            events.any(|(index, event)| on_request(event) && named.passes_known(index))
        });
        match asks_specially {
            // All by name: a server that is asked for nothing in particular leaves some out.
            true => Filter::types(["**"]),
            false => Filter::all(),
        }
    }

    /// The mask and the query of this filter for one kind of server.
    ///
    /// # Errors
    /// When it names a category or a type that the profile does not have (unless the profile is
    /// [open](Spec::open)), with the nearest name that there is.
    pub fn compile(&self, spec: &Spec) -> Result<Subscription, FilterError> {
        self.try_compile(spec).map_err(|misfit| misfit.told(spec))
    }

    /// The same, where nobody asks what exactly does not fit.
    pub(crate) fn try_compile(&self, spec: &Spec) -> Result<Subscription, Misfit<'_>> {
        let everything = !self.narrows || self.types.iter().any(|name| name == "*");
        let mut categories = self.categories.iter();
        if let Some(name) = categories.find(|name| !spec.categories.contains(name)) {
            return Err(Misfit {
                part: Part::Category,
                name,
            });
        }
        let mut known = Vec::new();
        for event in spec.events.iter() {
            let category = spec.categories.get(usize::from(event.category));
            let passes = category.is_some_and(|category| self.categories.contains(category));
            known.push(everything || passes);
        }
        // A name outside the table can be of any category: only the whole stream has it.
        let mut outside = false;
        for name in &self.types {
            let mut named = false;
            if let Some((index, _)) = spec.event(name) {
                known[index] = true;
                named = true;
            } else if name.bytes().any(|byte| byte == b'*') {
                for (passes, event) in known.iter_mut().zip(spec.events.iter()) {
                    if glob_names(spec, name, event) {
                        *passes = true;
                        named = true;
                    }
                }
            }
            outside |= !named;
            if !named && !spec.open {
                return Err(Misfit {
                    part: Part::Type,
                    name,
                });
            }
        }
        // A server that is asked for nothing sends something: what comes is kept back here.
        let nothing = self.categories.is_empty() && self.types.is_empty();
        let query = match everything || nothing || outside {
            true => Query::None,
            false => query(spec, &known),
        };
        Ok(Subscription {
            everything,
            known,
            unknown: self.types.clone(),
            query,
        })
    }
}

/// What asks for the event types that pass.
fn query(spec: &Spec, known: &[bool]) -> Query {
    let events = || spec.events.iter().zip(known);
    let mut values = Vec::new();
    let mut asks_specially = false;
    let (parameter, list) = match &spec.filter {
        FilterQuery::Local => return Query::None,
        FilterQuery::Categories { parameter, list } => {
            for (index, name) in spec.categories.iter().enumerate() {
                let is_of = |event: &EventSpec| usize::from(event.category) == index;
                if events().any(|(event, &passes)| passes && is_of(event)) {
                    values.push(name.clone());
                }
            }
            (parameter, list)
        }
        FilterQuery::Types { parameter, list } => {
            let mut unasked = 0;
            for (event, &passes) in events() {
                unasked += usize::from(!on_request(event));
                if passes {
                    asks_specially |= on_request(event);
                    values.push(event.name.clone());
                }
            }
            if !asks_specially && values.len() == unasked {
                return Query::None;
            }
            (parameter, list)
        }
    };
    Query::Ask {
        parameter: parameter.clone(),
        list: *list,
        values,
        on_request: asks_specially,
    }
}

/// The names with something between two. (The library's own `join` is ten times as long.)
pub(crate) fn listed(names: &[Name], between: &str) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(between);
        }
        list.push_str(name);
    }
    list
}

/// Whether the glob matches one of the names that an event of this type may come by.
fn glob_names(spec: &Spec, glob: &Name, event: &EventSpec) -> bool {
    let mut names = core::iter::once(&event.name).chain(event.aliases.iter());
    names.any(|name| {
        let by = |name: &str| glob_matches(glob.as_bytes(), name.as_bytes());
        let mut prefixes = spec.prefixes.iter();
        by(name) || prefixes.any(|prefix| by(&joined(&[prefix, ".", name])))
    })
}

fn on_request(event: &EventSpec) -> bool {
    event.flags.has(Flags::ON_REQUEST)
}

/// A [`Filter`] made ready for one kind of server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    everything: bool,
    known: Vec<bool>,
    unknown: Vec<Name>,
    query: Query,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    /// The server is not asked, and sends what it sends by default.
    None,
    Ask {
        parameter: Name,
        list: List,
        values: Vec<Name>,
        /// One of them is not sent unasked.
        on_request: bool,
    },
}

impl Subscription {
    /// Whether the event type of this index in [`Spec::events`] is wanted.
    #[inline]
    pub fn passes_known(&self, index: usize) -> bool {
        self.known.get(index).copied().unwrap_or(false)
    }

    /// Whether all is wanted.
    #[inline]
    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether an event of this name, which the profile does not know, is wanted.
    pub fn passes_unknown(&self, name: &[u8]) -> bool {
        self.everything
            || self
                .unknown
                .iter()
                .any(|pattern| glob_matches(pattern.as_bytes(), name))
    }

    /// The parameters that ask the server, in order; with `repeated`, several values become
    /// several parameters where the profile knows both forms.
    pub fn query(&self, repeated: bool) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        if let Query::Ask {
            parameter,
            list,
            values,
            ..
        } = &self.query
        {
            let mut ask = |value: String| pairs.push((parameter.to_string(), value));
            match list {
                List::CommaThenRepeated if !repeated => ask(listed(values, ",")),
                List::Comma => ask(listed(values, ",")),
                _ => values.iter().for_each(|value| ask(value.to_string())),
            }
        }
        pairs
    }

    /// Whether the query has a second form to fall back on.
    pub(crate) fn has_repeated_form(&self) -> bool {
        matches!(&self.query, Query::Ask { list: List::CommaThenRepeated, values, .. } if values.len() > 1)
    }

    /// Whether a server may answer this query by cutting the stream at once.
    pub(crate) fn may_be_cut(&self) -> bool {
        matches!(
            &self.query,
            Query::Ask {
                list: List::CommaThenRepeated,
                ..
            }
        )
    }

    /// The names that the server is asked for.
    pub fn values(&self) -> &[Name] {
        match &self.query {
            Query::None => &[],
            Query::Ask { values, .. } => values,
        }
    }

    fn passes_nothing(&self) -> bool {
        !self.everything && self.unknown.is_empty() && !self.known.iter().any(|&passes| passes)
    }

    /// Whether some event type is wanted by both.
    pub(crate) fn overlaps(&self, other: &Subscription) -> bool {
        let both = |(mine, theirs): (&bool, &bool)| *mine && *theirs;
        self.known.iter().zip(&other.known).any(both)
            || (self.everything || !self.unknown.is_empty())
                && (other.everything || !other.unknown.is_empty())
    }

    /// Whether a stream that was asked for by `self` also carries all that `other` asks for.
    pub(crate) fn carries(&self, other: &Subscription) -> bool {
        if other.passes_nothing() {
            return true;
        }
        match (&self.query, &other.query) {
            (Query::None, Query::None) => true,
            // What the server sends unasked lacks what it sends on request only.
            (Query::None, Query::Ask { on_request, .. }) => !on_request,
            (Query::Ask { .. }, Query::None) => false,
            (Query::Ask { values: mine, .. }, Query::Ask { values: theirs, .. }) => {
                theirs.iter().all(|value| mine.contains(value))
            }
        }
    }
}

/// Why a [`Filter`] does not fit a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    profile: String,
    part: Part,
    name: String,
    allowed: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Category,
    Type,
}

/// What does not fit.
pub(crate) struct Misfit<'f> {
    part: Part,
    name: &'f str,
}

impl Misfit<'_> {
    pub(crate) fn told(self, spec: &Spec) -> FilterError {
        let allowed = match self.part {
            Part::Category => spec.categories.to_vec(),
            Part::Type => spec.events.iter().map(|event| event.name.clone()).collect(),
        };
        FilterError {
            profile: spec.name.to_string(),
            part: self.part,
            name: self.name.to_owned(),
            allowed,
        }
    }
}

impl FilterError {
    /// The name that does not fit.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match (self.part, self.name.contains('*')) {
            (Part::Category, _) => "category",
            (Part::Type, false) => "event type",
            (Part::Type, true) => "event type that matches",
        };
        write!(f, "{} has no {part} '{}'", self.profile, self.name)?;
        let away = |other: &&Name| distance(&self.name, other);
        let near = |other: &&Name| away(other) <= self.name.len().div_ceil(3);
        if let Some(nearest) = self.allowed.iter().filter(near).min_by_key(away) {
            write!(f, " (did you mean '{nearest}'?)")?;
        }
        if self.part == Part::Category {
            write!(f, "; there are {}", self.allowed.join(", "))?;
        }
        Ok(())
    }
}

impl core::error::Error for FilterError {}

/// Whether `name` is what `pattern` describes, where `*` is any run of bytes. Linear in
/// practice, and at the worst the product of the lengths: it only ever goes back to the last `*`.
fn glob_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            back = Some((p + 1, n));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            p += 1;
            n += 1;
        } else if let Some((after, taken)) = back {
            back = Some((after, taken + 1));
            p = after;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// How many characters must be put in, taken out or changed to come from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{dashtam, plain};

    #[test]
    fn a_star_crosses_dots_and_stands_for_nothing_too() {
        for (pattern, name, expected) in [
            ("sync.*", "sync.accounts.started", true),
            ("*.failed", "sync.accounts.failed", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*", "a", true),
            ("*", "", true),
            ("a*b", "ac", false),
            ("sync", "sync.accounts", false),
            ("", "", true),
        ] {
            assert_eq!(
                glob_matches(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn nothing_named_is_everything_and_asks_nothing() {
        let all = Filter::all().compile(&dashtam::spec()).unwrap();
        assert!(all.query(false).is_empty());
        assert!(all.passes_known(0) && all.passes_unknown(b"new.type"));
    }

    #[test]
    fn a_category_keeps_unknown_events_out() {
        let only = Filter::categories(["ai"])
            .compile(&dashtam::spec())
            .unwrap();
        assert!(!only.passes_unknown(b"ai.new"));
        assert_eq!(
            only.query(true),
            [("categories".to_owned(), "ai".to_owned())]
        );
    }

    #[test]
    fn several_categories_have_a_repeated_form() {
        let two = Filter::categories([dashtam::Category::Provider, dashtam::Category::DataSync]);
        let two = two.compile(&dashtam::spec()).unwrap();
        let pair = |value: &str| ("categories".to_owned(), value.to_owned());
        assert!(two.has_repeated_form());
        assert_eq!(two.query(false), [pair("data_sync,provider")]);
        assert_eq!(two.query(true), [pair("data_sync"), pair("provider")]);
    }

    #[test]
    fn a_type_that_is_not_there_is_an_error_with_the_nearest_name() {
        let error = Filter::types(["import.progres"])
            .compile(&dashtam::spec())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "dashtam has no event type 'import.progres' (did you mean 'import.progress'?)"
        );
        let error = Filter::types(["imports.*"])
            .compile(&dashtam::spec())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "dashtam has no event type that matches 'imports.*'"
        );
    }

    #[test]
    fn an_open_profile_takes_any_name() {
        let filter = Filter::types(["tick"]).compile(&plain::spec()).unwrap();
        assert!(filter.passes_unknown(b"tick") && !filter.passes_unknown(b"tock"));
    }

    #[test]
    fn a_glob_that_only_unknown_names_can_match_asks_for_the_whole_stream() {
        let mut spec = dashtam::spec();
        spec.open = true;
        let filter = Filter::types(["custom.*"]).compile(&spec).unwrap();
        assert!(filter.passes_unknown(b"custom.one"));
        assert!(filter.query(false).is_empty(), "{:?}", filter.query(false));
    }

    #[test]
    fn a_stream_carries_what_is_narrower_and_no_more() {
        let compile = |filter: Filter| filter.compile(&dashtam::spec()).unwrap();
        let all = compile(Filter::all());
        let two = compile(Filter::categories(["ai", "import"]));
        let one = compile(Filter::types(["import.failed"]));
        assert!(all.carries(&two) && two.carries(&one) && all.carries(&all));
        assert!(!two.carries(&all) && !one.carries(&two));
    }
}
