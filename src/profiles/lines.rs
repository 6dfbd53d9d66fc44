//! A spec as lines of text: how it crosses from JavaScript, without a JSON parser in the module.
//!
//! One entry a line, LF between them, TAB between an entry's columns.

use super::{
    Auth, Cursor, Discriminator, EventSpec, FilterQuery, Flags, Format, Heartbeat, Identity, List,
    Name, Payload, Recovery, Repair, Spec, SpecError,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

impl Spec {
    /// The spec as lines.
    ///
    /// ```
    /// use tidewire::profiles::{Spec, hive};
    /// assert_eq!(Spec::from_lines(&hive::spec().to_lines())?, hive::spec());
    /// # Ok::<(), tidewire::profiles::SpecError>(())
    /// ```
    pub fn to_lines(&self) -> String {
        let mut lines = Vec::new();
        let mut line = |columns: &[&str]| lines.push(columns.join("\t"));
        line(&["name", &self.name]);
        match &self.discriminator {
            Discriminator::Event => line(&["discriminator", "event"]),
            Discriminator::Field(field) => line(&["discriminator", "field", field]),
            Discriminator::None => line(&["discriminator", "none"]),
        }
        if let Payload::Field(field) = &self.payload {
            line(&["payload", "field", field]);
        }
        if self.format == Format::Text {
            line(&["format", "text"]);
        }
        for category in self.categories.iter() {
            line(&["category", category]);
        }
        for event in self.events.iter() {
            let (category, flags) = (event.category.to_string(), event.flags.0.to_string());
            let mut columns = vec!["event", &event.name, &category, &flags];
            columns.extend(event.aliases.iter().map(Name::as_ref));
            line(&columns);
        }
        if self.open {
            line(&["open"]);
        }
        for prefix in self.prefixes.iter() {
            line(&["prefix", prefix]);
        }
        match &self.filter {
            FilterQuery::Local => {}
            FilterQuery::Categories { parameter, list } => {
                line(&["filter", "categories", parameter, list.as_str()]);
            }
            FilterQuery::Types { parameter, list } => {
                line(&["filter", "types", parameter, list.as_str()]);
            }
        }
        match &self.cursor {
            Cursor::None => line(&["cursor", "none"]),
            Cursor::Header => line(&["cursor", "header"]),
            Cursor::HeaderAndQuery(parameter) => line(&["cursor", "query", parameter]),
        }
        match &self.auth {
            Auth::Bearer => line(&["auth", "bearer"]),
            Auth::Header(name) => line(&["auth", "header", name]),
            Auth::Query(parameter) => line(&["auth", "query", parameter]),
        }
        match self.heartbeat {
            Heartbeat::None => {}
            Heartbeat::Comment(every) => line(&["heartbeat", "comment", &every.to_string()]),
            Heartbeat::Event(every) => line(&["heartbeat", "event", &every.to_string()]),
        }
        if let Some(end) = &self.end {
            line(&["end", end]);
        }
        if self.runs_once {
            line(&["once"]);
        }
        for status in self.gone.iter() {
            line(&["gone", &status.to_string()]);
        }
        match &self.identity {
            Identity::None => {}
            Identity::Id => line(&["identity", "id"]),
            Identity::SequenceOrText(field) => line(&["identity", "sequence", field]),
            Identity::Field(field) => line(&["identity", "field", field]),
        }
        match self.recovery {
            Recovery::None => line(&["recovery", "none"]),
            Recovery::Cursor => line(&["recovery", "cursor"]),
            Recovery::History => line(&["recovery", "history"]),
        }
        if self.repair == Repair::LineBreaks {
            line(&["repair", "line-breaks"]);
        }
        line(&[
            "retry",
            &self.retry.to_string(),
            &self.max_retry.to_string(),
        ]);
        lines.join("\n")
    }

    /// The spec of these lines. What is not said is as in [`Spec::new`].
    ///
    /// # Errors
    /// Names the line that cannot be understood, or what is wrong with the whole.
    pub fn from_lines(text: &str) -> Result<Spec, SpecError> {
        let mut spec = Spec::new("");
        for (at, line) in text.split_terminator('\n').enumerate() {
            let columns: Vec<&str> = line.split('\t').collect();
            spec.take(&columns)
                .ok_or_else(|| SpecError(format!("line {} of the profile: '{line}'", at + 1)))?;
        }
        spec.check()?;
        Ok(spec)
    }

    fn take(&mut self, columns: &[&str]) -> Option<()> {
        let own = |text: &str| -> Name { text.to_owned().into() };
        match *columns {
            ["name", name] => self.name = own(name),
            ["discriminator", "event"] => self.discriminator = Discriminator::Event,
            ["discriminator", "none"] => self.discriminator = Discriminator::None,
            ["discriminator", "field", field] => {
                self.discriminator = Discriminator::Field(own(field));
            }
            ["payload", "whole"] => self.payload = Payload::Whole,
            ["payload", "field", field] => self.payload = Payload::Field(own(field)),
            ["format", "json"] => self.format = Format::Json,
            ["format", "text"] => self.format = Format::Text,
            ["category", name] => self.categories.to_mut().push(own(name)),
            ["event", name, category, flags, ref aliases @ ..] => {
                self.events.to_mut().push(EventSpec {
                    aliases: aliases.iter().map(|alias| own(alias)).collect(),
                    flags: Flags(flags.parse().ok()?),
                    ..EventSpec::new(own(name), category.parse().ok()?)
                });
            }
            ["open"] => self.open = true,
            ["prefix", prefix] => self.prefixes.to_mut().push(own(prefix)),
            ["filter", by, parameter, list] => {
                let (parameter, list) = (own(parameter), List::named(list)?);
                self.filter = match by {
                    "categories" => FilterQuery::Categories { parameter, list },
                    "types" => FilterQuery::Types { parameter, list },
                    _ => return None,
                };
            }
            ["cursor", "none"] => self.cursor = Cursor::None,
            ["cursor", "header"] => self.cursor = Cursor::Header,
            ["cursor", "query", name] => self.cursor = Cursor::HeaderAndQuery(own(name)),
            ["auth", "bearer"] => self.auth = Auth::Bearer,
            ["auth", "header", name] => self.auth = Auth::Header(own(name)),
            ["auth", "query", name] => self.auth = Auth::Query(own(name)),
            ["heartbeat", "comment", every] => {
                self.heartbeat = Heartbeat::Comment(every.parse().ok()?);
            }
            ["heartbeat", "event", every] => {
                self.heartbeat = Heartbeat::Event(every.parse().ok()?);
            }
            ["end", end] => self.end = Some(own(end)),
            ["once"] => self.runs_once = true,
            ["gone", ref statuses @ ..] => {
                for status in statuses {
                    self.gone.to_mut().push(status.parse().ok()?);
                }
            }
            ["identity", "none"] => self.identity = Identity::None,
            ["identity", "id"] => self.identity = Identity::Id,
            ["identity", "sequence", field] => self.identity = Identity::SequenceOrText(own(field)),
            ["identity", "field", field] => self.identity = Identity::Field(own(field)),
            ["recovery", "none"] => self.recovery = Recovery::None,
            ["recovery", "cursor"] => self.recovery = Recovery::Cursor,
            ["recovery", "history"] => self.recovery = Recovery::History,
            ["repair", "none"] => self.repair = Repair::None,
            ["repair", "line-breaks"] => self.repair = Repair::LineBreaks,
            ["retry", retry, max] => {
                self.retry = retry.parse().ok()?;
                self.max_retry = max.parse().ok()?;
            }
            _ => return None,
        }
        Some(())
    }
}

impl List {
    /// The name in lines and in JavaScript.
    pub const fn as_str(self) -> &'static str {
        match self {
            List::Comma => "comma",
            List::Repeated => "repeated",
            List::CommaThenRepeated => "comma-then-repeated",
        }
    }

    fn named(name: &str) -> Option<List> {
        [List::Comma, List::Repeated, List::CommaThenRepeated]
            .into_iter()
            .find(|list| list.as_str() == name)
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
        let spec = Spec::from_lines("name\tx\r").expect("it is a name");
        assert_eq!(Spec::from_lines(&spec.to_lines()), Ok(spec));
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let error = Spec::from_lines("name\tx\nheartbeat\tsometimes").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2 of the profile: 'heartbeat\tsometimes'"
        );
        let error = Spec::from_lines("name\tx\nevent\ta\t0\t0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "profile 'x': event 'a' names no category"
        );
    }
}
