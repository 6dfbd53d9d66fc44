//! The table of event types of a serde enum.

use super::decode::{UNKNOWN, variants};
use super::{EventSpec, Flags, Name, Spec};
use crate::filter::Filter;
use alloc::borrow::Cow;
use serde::Deserialize;

/// The category of what is in no other.
const OTHER: &str = "other";

impl Spec {
    /// [`Spec::new`] with an event type for each variant of the serde enum `E`, under the names
    /// that serde has for them. The variant `unknown`, which takes what is not in the table, is
    /// none. They are in the category `other` until [`category`](Self::category) says better.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use tidewire::profiles::{Discriminator, Flags, Payload, Spec};
    ///
    /// #[derive(Deserialize)]
    /// #[serde(rename_all = "kebab-case")]
    /// enum Move {
    ///     PieceMoved { from: String, to: String },
    ///     ClockTicked { left_ms: u64 },
    ///     GameOver { winner: Option<String> },
    /// }
    ///
    /// // data: {"kind": "piece-moved", "at": 7, "body": {"from": "e2", "to": "e4"}}
    /// let spec = Spec {
    ///     discriminator: Discriminator::Field("kind".into()),
    ///     payload: Payload::Field("body".into()),
    ///     ..Spec::of::<Move>("game")
    ///         .category("board", ["piece-*", "game-over"])
    ///         .flag(Flags::DROPPABLE, ["clock-ticked"])
    ///         .flag(Flags::TERMINAL, ["game-over"])
    /// };
    /// assert_eq!(spec.category_of("piece-moved"), Some("board"));
    /// assert_eq!(spec.category_of("clock-ticked"), Some("other"));
    /// ```
    ///
    /// # Panics
    /// When `E` is no plain (externally tagged) serde enum, so that its variants cannot be told.
    /// [`Spec::new`] is for servers whose events are not typed.
    #[track_caller]
    pub fn of<E: for<'de> Deserialize<'de>>(name: impl Into<Name>) -> Spec {
        let Some(names) = variants::<E>() else {
            panic!(
                "Spec::of: `{}` is no plain serde enum with a variant for each event type \
                 (`tag`, `content` and `untagged` make it another); \
                 where events are not typed, take Spec::new",
                core::any::type_name::<E>()
            );
        };
        let typed = names.iter().filter(|name| **name != UNKNOWN);
        Spec {
            categories: Cow::Borrowed(&[Cow::Borrowed(OTHER)]),
            events: typed.map(|name| EventSpec::new(*name, 0)).collect(),
            ..Spec::new(name)
        }
    }

    /// The same, with these event types in that category: exact names, or globs.
    ///
    /// # Panics
    /// When the table has no such type: a slip in the program, and the message has the nearest
    /// name. Or when it is the 257th category.
    #[track_caller]
    pub fn category<N: Into<Name>>(
        mut self,
        name: impl Into<Name>,
        types: impl IntoIterator<Item = N>,
    ) -> Spec {
        let name = name.into();
        let types = self.places(types);
        let known = self.categories.iter().position(|other| *other == name);
        let index = known.unwrap_or_else(|| {
            self.categories.to_mut().push(name);
            self.categories.len() - 1
        });
        let Ok(category) = u8::try_from(index) else {
            panic!("profile '{}': more than 256 categories", self.name);
        };
        let events = self.events.to_mut();
        for place in types {
            events[place].category = category;
        }
        let other_is_empty = self.categories[0] == OTHER && events.iter().all(|it| it.category > 0);
        if other_is_empty {
            self.categories.to_mut().remove(0);
            for event in events {
                event.category -= 1;
            }
        }
        self
    }

    /// The same, with this known of these event types: exact names, or globs.
    ///
    /// # Panics
    /// As of [`category`](Self::category), when the table has no such type.
    #[track_caller]
    pub fn flag<N: Into<Name>>(mut self, flags: Flags, types: impl IntoIterator<Item = N>) -> Spec {
        for place in self.places(types) {
            let event = &mut self.events.to_mut()[place];
            event.flags = event.flags.with(flags);
        }
        self
    }

    /// Where the types that are named stand in the table.
    #[track_caller]
    fn places<N: Into<Name>>(&self, types: impl IntoIterator<Item = N>) -> Vec<usize> {
        match Filter::types(types).compile(self) {
            Ok(named) => (0..self.events.len())
                .filter(|place| named.passes_known(*place))
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{NoMeta, Profile, RawEvent, Unknown, decode_data};

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shop {
        #[serde(rename = "order.placed")]
        Placed { order: String },
        #[serde(rename = "order.shipped", alias = "order.sent")]
        Shipped { order: String },
        #[serde(rename = "stock.low")]
        Low(String),
        #[serde(rename = "unknown")]
        Unknown(Unknown),
    }

    impl Profile for Shop {
        type Event = Self;
        type Meta = NoMeta;

        fn spec() -> Spec {
            Spec::of::<Self>("shop")
                .category("orders", ["order.*"])
                .category("stock", ["stock.low"])
                .flag(Flags::CRITICAL, ["order.placed"])
        }
    }

    #[test]
    fn an_enum_and_three_lines_are_a_profile() {
        let spec = Shop::spec();
        assert_eq!(spec.check(), Ok(()));
        assert_eq!(*spec.categories, ["orders", "stock"]);
        for (name, category, critical) in [
            ("order.placed", "orders", true),
            ("order.shipped", "orders", false),
            ("order.sent", "orders", false),
            ("stock.low", "stock", false),
        ] {
            let (_, event) = spec.event(name).expect(name);
            assert_eq!(spec.category_of(name), Some(category), "{name}");
            assert_eq!(event.flags.has(Flags::CRITICAL), critical, "{name}");
        }
        assert_eq!(spec.event("unknown"), None);
        let index = spec.event("order.sent").map(|(index, _)| index as u16);
        let shipped = decode_data::<Shop>(&spec, index, "order.sent", r#"{"order": "7"}"#);
        let order = "7".to_owned();
        assert_eq!(shipped, Ok((Shop::Shipped { order }, NoMeta {})));
    }

    #[test]
    fn what_is_in_no_table_goes_to_the_variant_unknown_whatever_its_payload_is() {
        for data in ["no JSON", "{}", ""] {
            let event = Shop::decode(&RawEvent::new_unknown("order.lost", data)).unwrap();
            let (name, data) = ("order.lost".to_owned(), data.to_owned());
            assert_eq!(event, Shop::Unknown(Unknown { name, data }));
        }
    }

    #[test]
    fn a_variant_for_others_takes_them_too_and_without_either_it_is_an_error() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Few {
            One,
            #[serde(other)]
            Rest,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        enum One {
            One,
        }
        for data in ["no JSON", "{}"] {
            let raw = RawEvent::new_unknown("two", data);
            assert_eq!(raw.decode(), Ok(Few::Rest), "{data}");
        }
        let error = RawEvent::new_unknown("two", "{}")
            .decode::<One>()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot decode the payload of 'two': unknown variant `two`, expected `One`"
        );
    }

    #[test]
    fn types_that_no_category_names_are_in_other() {
        let spec = Spec::of::<Shop>("shop");
        assert_eq!(*spec.categories, ["other"]);
        let spec = spec.category("stock", ["stock.low"]);
        assert_eq!(spec.category_of("order.placed"), Some("other"));
        assert_eq!(spec.category_of("stock.low"), Some("stock"));
        let spec = spec.category("other", ["stock.low"]);
        assert_eq!(spec.category_of("stock.low"), Some("other"));
        assert_eq!(spec.check(), Ok(()));
    }

    #[test]
    #[should_panic = "shop has no event type 'stock.loww' (did you mean 'stock.low'?)"]
    fn a_slip_in_a_types_name_is_told_with_the_nearest_name() {
        let _ = Spec::of::<Shop>("shop").category("stock", ["stock.loww"]);
    }

    #[test]
    #[should_panic = "`alloc::string::String` is no plain serde enum"]
    fn a_type_without_variants_is_refused() {
        let _ = Spec::of::<String>("strings");
    }

    #[test]
    #[should_panic = "(`tag`, `content` and `untagged` make it another)"]
    fn a_tagged_enum_is_refused_with_the_reason() {
        #[derive(Deserialize)]
        #[serde(tag = "type")]
        enum Tagged {
            One,
        }
        let _ = Spec::of::<Tagged>("tagged");
    }
}
