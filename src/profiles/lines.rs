//! A spec as lines of text: how it crosses from JavaScript, without a JSON parser in the module.
//!
//! What a line says is told by its place. A choice is one letter, and what belongs to it follows
//! at once; lists have TAB between their items. One line for each event type comes last.

use super::{
    Auth, Cursor, Discriminator, EventSpec, FilterQuery, Flags, Format, Heartbeat, Identity, List,
    Name, Payload, Recovery, Repair, Spec, SpecError,
};
use crate::digits::{digits, number};
use alloc::{borrow::Cow, borrow::ToOwned, string::String, vec::Vec};

/// What is yes or no, as bits of one number.
const OPEN: u32 = 1;
const RUNS_ONCE: u32 = 2;
const TEXT: u32 = 4;
const LINE_BREAKS: u32 = 8;

impl Spec {
    /// The spec as lines.
    ///
    /// ```
    /// use tidewire::profiles::{Spec, hive};
    /// assert_eq!(Spec::from_lines(&hive::spec().to_lines())?, hive::spec());
    /// # Ok::<(), tidewire::profiles::SpecError>(())
    /// ```
    #[doc(hidden)]
    pub fn to_lines(&self) -> String {
        let mut bits = 0;
        for (set, bit) in [
            (self.open, OPEN),
            (self.runs_once, RUNS_ONCE),
            (self.format == Format::Text, TEXT),
            (self.repair == Repair::LineBreaks, LINE_BREAKS),
        ] {
            bits |= if set { bit } else { 0 };
        }
        let statuses = self.gone.iter().map(|status| digits((*status).into()));
        let mut lines = Vec::from([
            self.name.clone().into_owned(),
            digits(bits.into()),
            match &self.discriminator {
                Discriminator::Event => "e".to_owned(),
                Discriminator::Field(field) => ["f", field].concat(),
                Discriminator::None => "n".to_owned(),
            },
            match &self.payload {
                Payload::Whole => "w".to_owned(),
                Payload::Field(field) => ["f", field].concat(),
            },
            self.categories.join("\t"),
            self.prefixes.join("\t"),
            match &self.filter {
                FilterQuery::Local => "l".to_owned(),
                FilterQuery::Categories { parameter, list } => {
                    ["c", list.letter(), parameter].concat()
                }
                FilterQuery::Types { parameter, list } => ["t", list.letter(), parameter].concat(),
            },
            match &self.cursor {
                Cursor::None => "n".to_owned(),
                Cursor::Header => "h".to_owned(),
                Cursor::HeaderAndQuery(parameter) => ["q", parameter].concat(),
            },
            match &self.auth {
                Auth::Bearer => "b".to_owned(),
                Auth::Header(name) => ["h", name].concat(),
                Auth::Query(parameter) => ["q", parameter].concat(),
            },
            match self.heartbeat {
                Heartbeat::None => "n".to_owned(),
                Heartbeat::Comment(every) => ["c", &digits(every.into())].concat(),
                Heartbeat::Event(every) => ["e", &digits(every.into())].concat(),
            },
            match &self.end {
                None => "n".to_owned(),
                Some(end) => ["m", end].concat(),
            },
            statuses.collect::<Vec<_>>().join("\t"),
            match &self.identity {
                Identity::None => "n".to_owned(),
                Identity::Id => "i".to_owned(),
                Identity::SequenceOrText(field) => ["s", field].concat(),
                Identity::Field(field) => ["f", field].concat(),
            },
            match self.recovery {
                Recovery::None => "n".to_owned(),
                Recovery::Cursor => "c".to_owned(),
                Recovery::History => "h".to_owned(),
            },
            [digits(self.retry.into()), digits(self.max_retry.into())].join("\t"),
        ]);
        for event in self.events.iter() {
            let numbers = [event.category, event.flags.0].map(|byte| digits(byte.into()));
            let mut columns = Vec::from(numbers);
            let names = core::iter::once(&event.name).chain(event.aliases.iter());
            columns.extend(names.map(|name| name.clone().into_owned()));
            lines.push(columns.join("\t"));
        }
        lines.join("\n")
    }

    /// The spec of these lines.
    ///
    /// # Errors
    /// Names the line that cannot be understood, or what is wrong with the whole.
    #[doc(hidden)]
    pub fn from_lines(text: &str) -> Result<Spec, SpecError> {
        let spec = Spec::of_checked_lines(text);
        // What makes no sense is not what would have been written.
        let written = spec.to_lines();
        let mut lines = (1..).zip(text.split('\n').zip(written.split('\n')));
        if let Some((at, (line, _))) = lines.find(|(_, (line, written))| line != written) {
            let at = digits(at);
            return Err(SpecError(
                ["line ", &at, " of the profile: '", line, "'"].concat(),
            ));
        }
        spec.check()?;
        Ok(spec)
    }

    /// The spec of these lines, whose writer has checked it: what makes no sense in them is taken
    /// for what it would be by default. Within its caller, a spec would be copied member by member:
    /// not inlined, the module is the smaller for it.
    #[doc(hidden)]
    #[inline(never)]
    pub fn of_checked_lines(text: &str) -> Spec {
        let mut lines = Lines { rest: Some(text) };
        let name = own(lines.next());
        let bits = number_in(lines.next()) as u32;
        let delays;
        // Each member once, and nothing returned before the end: what would have to be dropped on
        // the way was most of this code.
        Spec {
            name,
            open: bits & OPEN > 0,
            runs_once: bits & RUNS_ONCE > 0,
            format: match bits & TEXT > 0 {
                true => Format::Text,
                false => Format::Json,
            },
            repair: match bits & LINE_BREAKS > 0 {
                true => Repair::LineBreaks,
                false => Repair::None,
            },
            discriminator: match lines.choice() {
                (b'f', field) => Discriminator::Field(own(field)),
                (b'n', _) => Discriminator::None,
                _ => Discriminator::Event,
            },
            payload: match lines.choice() {
                (b'f', field) => Payload::Field(own(field)),
                _ => Payload::Whole,
            },
            categories: names(lines.next()),
            prefixes: names(lines.next()),
            filter: match lines.choice() {
                (by @ (b'c' | b't'), rest) => {
                    let list = List::of(rest.bytes().next());
                    let parameter = own(rest.get(1..).unwrap_or_default());
                    match by {
                        b'c' => FilterQuery::Categories { parameter, list },
                        _ => FilterQuery::Types { parameter, list },
                    }
                }
                _ => FilterQuery::Local,
            },
            cursor: match lines.choice() {
                (b'n', _) => Cursor::None,
                (b'q', parameter) => Cursor::HeaderAndQuery(own(parameter)),
                _ => Cursor::Header,
            },
            auth: match lines.choice() {
                (b'h', name) => Auth::Header(own(name)),
                (b'q', parameter) => Auth::Query(own(parameter)),
                _ => Auth::Bearer,
            },
            heartbeat: match lines.choice() {
                (b'c', every) => Heartbeat::Comment(number_in(every) as u32),
                (b'e', every) => Heartbeat::Event(number_in(every) as u32),
                _ => Heartbeat::None,
            },
            end: match lines.choice() {
                (b'm', mark) => Some(own(mark)),
                _ => None,
            },
            gone: items(lines.next(), |status| number_in(status) as u16),
            identity: match lines.choice() {
                (b'i', _) => Identity::Id,
                (b's', member) => Identity::SequenceOrText(own(member)),
                (b'f', member) => Identity::Field(own(member)),
                _ => Identity::None,
            },
            recovery: match lines.choice() {
                (b'c', _) => Recovery::Cursor,
                (b'h', _) => Recovery::History,
                _ => Recovery::None,
            },
            retry: {
                delays = match lines.rest {
                    Some(_) => cut(lines.next(), b'\t'),
                    None => DELAYS,
                };
                number_in(delays.0) as u32
            },
            max_retry: number_in(delays.1.unwrap_or_default()) as u32,
            events: {
                let mut events = Vec::new();
                while lines.rest.is_some() {
                    let (category, rest) = cut(lines.next(), b'\t');
                    let (flags, rest) = cut(rest.unwrap_or_default(), b'\t');
                    let (name, aliases) = cut(rest.unwrap_or_default(), b'\t');
                    events.push(EventSpec {
                        category: number_in(category) as u8,
                        flags: Flags(number_in(flags) as u8),
                        name: own(name),
                        aliases: names(aliases.unwrap_or_default()),
                    });
                }
                events.into()
            },
        }
    }
}

/// The reconnection time and its cap of a profile that does not name them, as `Spec::new` has them.
const DELAYS: (&str, Option<&str>) = ("1000", Some("30000"));

/// What is left of the lines.
struct Lines<'t> {
    rest: Option<&'t str>,
}

impl<'t> Lines<'t> {
    /// The next line; an empty one, if there is none.
    fn next(&mut self) -> &'t str {
        let (line, rest) = cut(self.rest.unwrap_or_default(), b'\n');
        self.rest = rest;
        line
    }

    /// Its first letter, and what is behind that.
    fn choice(&mut self) -> (u8, &'t str) {
        let line = self.next();
        let letter = line.bytes().next().unwrap_or(0);
        (letter, line.get(1..).unwrap_or_default())
    }
}

/// A number; of what is none, 0.
fn number_in(text: &str) -> u64 {
    number(text.as_bytes()).unwrap_or(0)
}

/// The text up to a byte of ASCII, and what is behind that, if it is there.
#[inline(never)]
pub fn cut(text: &str, byte: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|other| other == byte) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

fn own(text: &str) -> Name {
    Name::Owned(text.to_owned())
}

fn names(line: &str) -> Cow<'static, [Name]> {
    items(line, own)
}

/// The items of a list; an empty line has none.
fn items<T: Clone>(line: &str, item: impl Fn(&str) -> T) -> Cow<'static, [T]> {
    let mut items = Vec::new();
    let mut rest = Some(line).filter(|line| !line.is_empty());
    while let Some(line) = rest {
        let (first, after) = cut(line, b'\t');
        items.push(item(first));
        rest = after;
    }
    items.into()
}

impl List {
    /// The name in JavaScript.
    pub const fn as_str(self) -> &'static str {
        match self {
            List::Comma => "comma",
            List::Repeated => "repeated",
            List::CommaThenRepeated => "comma-then-repeated",
        }
    }

    const fn letter(self) -> &'static str {
        match self {
            List::Comma => "c",
            List::Repeated => "r",
            List::CommaThenRepeated => "b",
        }
    }

    fn of(letter: Option<u8>) -> List {
        match letter {
            Some(b'r') => List::Repeated,
            Some(b'b') => List::CommaThenRepeated,
            _ => List::Comma,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_spec_comes_back_from_its_lines() {
        for spec in super::super::all() {
            assert_eq!(Spec::from_lines(&spec.to_lines()).as_ref(), Ok(&spec));
        }
    }

    #[test]
    fn a_carriage_return_at_the_end_of_a_name_belongs_to_it() {
        let spec = Spec::from_lines("x\r").expect("it is a name");
        assert_eq!(Spec::from_lines(&spec.to_lines()), Ok(spec));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let error = Spec::from_lines("x\n0\nsometimes").unwrap_err();
        assert_eq!(error.to_string(), "line 3 of the profile: 'sometimes'");
        let mut lines = super::super::plain::spec().to_lines();
        lines.push_str("\n256\t0\ta");
        let error = Spec::from_lines(&lines).unwrap_err();
        assert!(error.to_string().ends_with("'256\t0\ta'"), "{error}");
        let mut spec = super::super::plain::spec();
        spec.events.to_mut().push(EventSpec::new("a", 7));
        let error = Spec::from_lines(&spec.to_lines()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "profile 'plain': event 'a' names no category"
        );
    }
}
