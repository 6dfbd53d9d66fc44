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
        let mut spec = Spec::new("");
        for (at, line) in text.split('\n').enumerate() {
            spec.take(at, line).ok_or_else(|| {
                let at = digits(at as u64 + 1);
                SpecError(["line ", &at, " of the profile: '", line, "'"].concat())
            })?;
        }
        spec.check()?;
        Ok(spec)
    }

    fn take(&mut self, at: usize, line: &str) -> Option<()> {
        let letter = line.as_bytes().first();
        // Behind the letter, where the line has one.
        let rest = line.get(1..).unwrap_or_default();
        let own = || Name::Owned(rest.to_owned());
        match (at, letter) {
            (0, _) => self.name = Name::Owned(line.to_owned()),
            (1, _) => {
                let bits: u32 = small(line)?;
                self.open = bits & OPEN > 0;
                self.runs_once = bits & RUNS_ONCE > 0;
                if bits & TEXT > 0 {
                    self.format = Format::Text;
                }
                if bits & LINE_BREAKS > 0 {
                    self.repair = Repair::LineBreaks;
                }
            }
            (2, Some(b'e')) => self.discriminator = Discriminator::Event,
            (2, Some(b'f')) => self.discriminator = Discriminator::Field(own()),
            (2, Some(b'n')) => self.discriminator = Discriminator::None,
            (3, Some(b'w')) => self.payload = Payload::Whole,
            (3, Some(b'f')) => self.payload = Payload::Field(own()),
            (4, _) => self.categories = names(line),
            (5, _) => self.prefixes = names(line),
            (6, Some(b'l')) => self.filter = FilterQuery::Local,
            (6, Some(by @ (b'c' | b't'))) => {
                let list = List::of(*rest.as_bytes().first()?)?;
                let parameter = Name::Owned(rest.get(1..)?.to_owned());
                self.filter = match by {
                    b'c' => FilterQuery::Categories { parameter, list },
                    _ => FilterQuery::Types { parameter, list },
                };
            }
            (7, Some(b'n')) => self.cursor = Cursor::None,
            (7, Some(b'h')) => self.cursor = Cursor::Header,
            (7, Some(b'q')) => self.cursor = Cursor::HeaderAndQuery(own()),
            (8, Some(b'b')) => self.auth = Auth::Bearer,
            (8, Some(b'h')) => self.auth = Auth::Header(own()),
            (8, Some(b'q')) => self.auth = Auth::Query(own()),
            (9, Some(b'n')) => self.heartbeat = Heartbeat::None,
            (9, Some(b'c')) => self.heartbeat = Heartbeat::Comment(small(rest)?),
            (9, Some(b'e')) => self.heartbeat = Heartbeat::Event(small(rest)?),
            (10, Some(b'n')) => self.end = None,
            (10, Some(b'm')) => self.end = Some(own()),
            (11, None) => {}
            (11, _) => {
                for status in line.split('\t') {
                    self.gone.to_mut().push(small(status)?);
                }
            }
            (12, Some(b'n')) => self.identity = Identity::None,
            (12, Some(b'i')) => self.identity = Identity::Id,
            (12, Some(b's')) => self.identity = Identity::SequenceOrText(own()),
            (12, Some(b'f')) => self.identity = Identity::Field(own()),
            (13, Some(b'n')) => self.recovery = Recovery::None,
            (13, Some(b'c')) => self.recovery = Recovery::Cursor,
            (13, Some(b'h')) => self.recovery = Recovery::History,
            (14, _) => {
                let mut columns = line.split('\t');
                self.retry = small(columns.next()?)?;
                self.max_retry = small(columns.next()?)?;
            }
            (15.., _) => {
                let mut columns = line.split('\t');
                let category = small(columns.next()?)?;
                let flags = Flags(small(columns.next()?)?);
                let name = Name::Owned(columns.next()?.to_owned());
                let aliases = columns.map(|alias| Name::Owned(alias.to_owned()));
                self.events.to_mut().push(EventSpec {
                    name,
                    aliases: aliases.collect(),
                    category,
                    flags,
                });
            }
            _ => return None,
        }
        Some(())
    }
}

/// The items of a list; an empty line has none.
fn names(line: &str) -> Cow<'static, [Name]> {
    let items = line.split('\t').filter(|_| !line.is_empty());
    items.map(|item| Name::Owned(item.to_owned())).collect()
}

fn small<N: TryFrom<u64>>(text: &str) -> Option<N> {
    number(text.as_bytes())?.try_into().ok()
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

    fn of(letter: u8) -> Option<List> {
        match letter {
            b'c' => Some(List::Comma),
            b'r' => Some(List::Repeated),
            b'b' => Some(List::CommaThenRepeated),
            _ => None,
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
        let mut spec = super::super::plain::spec();
        spec.events.to_mut().push(EventSpec::new("a", 7));
        let error = Spec::from_lines(&spec.to_lines()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "profile 'plain': event 'a' names no category"
        );
    }
}
