//! From a name and a payload's text to a typed event.

use super::{Format, Payload, Spec, json};
use alloc::borrow::Cow;
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::marker::PhantomData;
use serde::de::{self, DeserializeOwned, DeserializeSeed, EnumAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A kind of server, with the types of its events.
///
/// For events of your own: a serde enum with a variant for each event type, and this.
///
/// ```
/// use serde::Deserialize;
/// use tidewire::profiles::{NoMeta, Profile, RawEvent, Spec, Unknown};
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// #[serde(rename_all = "lowercase")]
/// enum Price {
///     Tick { symbol: String, price: String },
///     Halt { symbol: String },
///     /// What a newer server sends.
///     Unknown(Unknown),
/// }
///
/// impl Profile for Price {
///     type Event = Self;
///     type Meta = NoMeta;
///
///     fn spec() -> Spec {
///         Spec::of::<Self>("prices").category("market", ["tick", "halt"])
///     }
/// }
///
/// let raw = RawEvent::new("halt", r#"{"symbol": "ACME"}"#);
/// assert_eq!(Price::decode(&raw)?, Price::Halt { symbol: "ACME".into() });
/// let raw = RawEvent::new_unknown("split", "2:1");
/// assert!(matches!(Price::decode(&raw)?, Price::Unknown(event) if event.name == "split"));
/// # Ok::<(), tidewire::profiles::DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no profile: it does not say what its server sends",
    label = "not a profile",
    note = "a built-in profile is named by its marker, `tidewire::profiles::dashtam::Dashtam` say, \
            not by the enum of its events",
    note = "for events of your own, implement `tidewire::profiles::Profile` for `{Self}`"
)]
pub trait Profile: 'static {
    /// A typed event: a plain (externally tagged) serde enum whose variants are called what the
    /// wire calls them. A variant named `unknown` takes [what is in no table](Unknown).
    type Event: for<'de> Deserialize<'de> + 'static;
    /// What stands around the payload; [`NoMeta`] where nothing does.
    type Meta: for<'de> Deserialize<'de> + Default + 'static;

    /// What the connection, the filter and the driver have to know. It is asked once for each
    /// connection.
    fn spec() -> Spec;

    /// The typed event of a name and a payload: [`RawEvent::decode`], unless you know better.
    ///
    /// # Errors
    /// When the payload does not fit. The stream goes on.
    fn decode(raw: &RawEvent<'_>) -> Result<Self::Event, DecodeError> {
        raw.decode()
    }
}

/// Nothing stands around the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoMeta {}

/// An event that a profile does not know, with its text.
///
/// An enum of your own has it in a variant that serde calls `unknown`; without one, such an event
/// is read as the variant of its name, or as that of `#[serde(other)]`, or else is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Unknown {
    /// The name, as it stood on the wire.
    pub name: String,
    /// The payload's text.
    pub data: String,
}

/// An event before it is decoded: its name, and its payload's text.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    name: &'a str,
    payload: &'a str,
    known: bool,
    text: bool,
}

impl<'a> RawEvent<'a> {
    /// An event that the profile's table knows by this name.
    pub fn new(name: &'a str, payload: &'a str) -> Self {
        RawEvent {
            name,
            payload,
            known: true,
            text: false,
        }
    }

    /// An event that the profile's table does not know.
    pub fn new_unknown(name: &'a str, payload: &'a str) -> Self {
        RawEvent {
            name,
            payload,
            known: false,
            text: false,
        }
    }

    /// The same event, whose payload is text and no JSON: it is read as a string.
    pub fn as_text(self) -> Self {
        RawEvent { text: true, ..self }
    }

    /// The name: the table's for a known event, whatever alias came over the wire.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The payload's text.
    pub fn payload(&self) -> &'a str {
        self.payload
    }

    /// Whether the name is in the profile's table.
    pub fn known(&self) -> bool {
        self.known
    }

    /// The event as an unknown one.
    pub fn unknown(&self) -> Unknown {
        Unknown {
            name: self.name.to_owned(),
            data: self.payload.to_owned(),
        }
    }

    /// Reads the payload's text as the variant of `T` that has the event's name, or that takes
    /// [what is unknown](Unknown).
    ///
    /// The text is read where it lies, without an intermediate tree. Text that is JSON but for
    /// Python's `NaN`, `Infinity` and `-Infinity` is read with `null` in their place.
    ///
    /// # Errors
    /// Names the event, the line and column in the payload, and what was expected there.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        if !self.known && variants::<T>().is_some_and(|names| names.contains(&UNKNOWN)) {
            let fields = [("name", self.name), ("data", self.payload)];
            let fields = de::value::MapDeserializer::new(fields.into_iter());
            return decode_by(UNKNOWN, fields).map_err(|error| self.failed(error));
        }
        let variant = Variant {
            name: self.name,
            of: PhantomData,
        };
        let event = self.read(variant);
        match self.known {
            true => event,
            // What a variant that takes anything has no use for need not be JSON.
            false => event.or_else(|error| self.as_text().read(variant).map_err(|_| error)),
        }
    }

    /// Reads the payload's text as a `T`, whatever the event is called.
    ///
    /// ```
    /// use tidewire::profiles::RawEvent;
    /// let raw = RawEvent::new_unknown("point", "[3, 4]");
    /// assert_eq!(raw.payload_as::<(u8, u8)>()?, (3, 4));
    /// # Ok::<(), tidewire::profiles::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// As of [`decode`](Self::decode).
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.read(PhantomData)
    }

    fn read<T>(
        &self,
        seed: impl for<'de> DeserializeSeed<'de, Value = T> + Copy,
    ) -> Result<T, DecodeError> {
        if self.text {
            let payload = de::value::StrDeserializer::new(self.payload);
            return seed
                .deserialize(payload)
                .map_err(|error| self.failed(error));
        }
        let read = |payload: &str| {
            let mut payload = serde_json::Deserializer::from_str(payload);
            let value = seed.deserialize(&mut payload)?;
            payload.end()?;
            Ok::<T, serde_json::Error>(value)
        };
        read(self.payload).or_else(|error| {
            if error.is_syntax()
                && let Cow::Owned(mended) = json::without_python_constants(self.payload)
                && let Ok(value) = read(&mended)
            {
                return Ok(value);
            }
            Err(self.failed(error))
        })
    }

    fn failed(&self, error: serde_json::Error) -> DecodeError {
        DecodeError::new(self.name, error.to_string())
    }
}

/// A typed event and what stands around its payload, from a message's data.
///
/// `index` is the event's in [`Spec::events`], `None` for one that the profile does not know;
/// `name` is its name as it came.
///
/// # Errors
/// When the data has no payload where the profile has it, or it does not fit.
pub fn decode_data<P: Profile>(
    spec: &Spec,
    index: Option<u16>,
    name: &str,
    data: &str,
) -> Result<(P::Event, P::Meta), DecodeError> {
    let event = index.and_then(|index| spec.events.get(usize::from(index)));
    let mut meta = P::Meta::default();
    let payload = match &spec.payload {
        Payload::Whole => data,
        Payload::Field(field) => match json::member(data.as_bytes(), field) {
            // A member of text is text.
            Some(payload) => core::str::from_utf8(payload).unwrap_or_default(),
            None if event.is_some() => {
                let message = format!("the data has no member '{field}'");
                return Err(DecodeError::new(name, message));
            }
            None => data,
        },
    };
    if event.is_some() && spec.payload != Payload::Whole {
        meta = serde_json::from_str(data)
            .or_else(|_| serde_json::from_str(&json::without_python_constants(data)))
            .map_err(|error| DecodeError::new(name, error.to_string()))?;
    }
    let raw = match event {
        Some(event) => RawEvent::new(&event.name, payload),
        None => RawEvent::new_unknown(name, payload),
    };
    let raw = match spec.format {
        Format::Text => raw.as_text(),
        Format::Json => raw,
    };
    Ok((P::decode(&raw)?, meta))
}

/// Reads a payload by a deserializer of your own as the variant of `T` that has this name.
///
/// [`RawEvent::decode`] does so with the payload's text; this is for who wraps the deserializer,
/// to see where a payload does not fit, say.
///
/// # Errors
/// The deserializer's own.
pub fn decode_by<'de, T, D>(name: &str, payload: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: de::Deserializer<'de>,
{
    T::deserialize(EventDeserializer { name, payload })
}

/// Why a payload could not be decoded, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    event: String,
    message: String,
}

impl DecodeError {
    /// An error about an event of this name.
    pub fn new(event: &str, message: impl Into<String>) -> Self {
        DecodeError {
            event: event.to_owned(),
            message: message.into(),
        }
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// What was wrong, with line and column.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "cannot decode the payload of '{}': {}",
            self.event, self.message
        )
    }
}

impl core::error::Error for DecodeError {}

/// What serde calls the variant that takes unknown events.
pub(super) const UNKNOWN: &str = "unknown";

/// The names of the variants of `T`, aliases included; `None` if it is no plain serde enum.
pub(super) fn variants<'de, T: Deserialize<'de>>() -> Option<&'static [&'static str]> {
    T::deserialize(Inquiry).err()?.0
}

/// A deserializer that has nothing but learns what is asked of it, and says so in its error.
struct Inquiry;

#[derive(Debug)]
struct Asked(Option<&'static [&'static str]>);

impl core::fmt::Display for Asked {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("there is nothing to read")
    }
}

impl core::error::Error for Asked {}

impl de::Error for Asked {
    fn custom<T: core::fmt::Display>(_: T) -> Self {
        Asked(None)
    }
}

impl<'de> de::Deserializer<'de> for Inquiry {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked(None))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Asked> {
        Err(Asked(Some(variants)))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The variant of an enum that has this name.
struct Variant<'n, T> {
    name: &'n str,
    of: PhantomData<T>,
}

impl<T> Clone for Variant<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Variant<'_, T> {}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Variant<'_, T> {
    type Value = T;

    fn deserialize<D: de::Deserializer<'de>>(self, payload: D) -> Result<T, D::Error> {
        decode_by(self.name, payload)
    }
}

/// A deserializer of an enum whose variant is named outside of its content.
struct EventDeserializer<'a, D> {
    name: &'a str,
    payload: D,
}

impl<'de, D: de::Deserializer<'de>> de::Deserializer<'de> for EventDeserializer<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom(
            "events are read as an enum with a variant for each event type; \
             this type is no plain (externally tagged) serde enum",
        ))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de, D: de::Deserializer<'de>> EnumAccess<'de> for EventDeserializer<'_, D> {
    type Error = D::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Self::Error> {
        let name = de::value::StrDeserializer::<Self::Error>::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, D: de::Deserializer<'de>> VariantAccess<'de> for EventDeserializer<'_, D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        // A unit variant says that the payload is of no interest, whatever it is.
        de::Deserialize::deserialize(self.payload).map(|_: de::IgnoredAny| ())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Self::Error> {
        seed.deserialize(self.payload)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Self::Error> {
        de::Deserializer::deserialize_seq(self.payload, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        de::Deserializer::deserialize_map(self.payload, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::dashtam;

    #[test]
    fn a_payload_that_does_not_fit_is_named_with_its_place() {
        let raw = RawEvent::new(
            "sync.accounts.completed",
            r#"{"connection_id": "c", "account_count": "three"}"#,
        );
        let error = raw.decode::<dashtam::Event>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot decode the payload of 'sync.accounts.completed': invalid type: \
             string \"three\", expected u64 at line 1 column 47"
        );
    }

    #[test]
    fn unknown_fields_are_never_fatal() {
        let raw = RawEvent::new(
            "sync.accounts.started",
            r#"{"connection_id":"c","new":[1]}"#,
        );
        assert!(raw.decode::<dashtam::Event>().is_ok());
    }

    #[test]
    fn pythons_constants_are_read_as_null() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        enum E {
            #[serde(rename = "goal")]
            Goal { progress: Option<f64>, note: String },
        }
        let raw = RawEvent::new("goal", r#"{"progress": NaN, "note": "NaN, -Infinity"}"#);
        assert_eq!(
            raw.decode::<E>().unwrap(),
            E::Goal {
                progress: None,
                note: "NaN, -Infinity".into()
            }
        );
    }

    #[test]
    fn text_is_read_as_a_string() {
        use crate::profiles::plain;
        let raw = RawEvent::new("message", "\"as it is").as_text();
        let event = raw.decode::<plain::Event>().unwrap();
        assert_eq!(event, plain::Event::Message("\"as it is".to_owned()));
    }

    #[test]
    fn text_behind_the_payload_is_an_error() {
        let raw = RawEvent::new("import.failed", r#"{"file_name":"a","error":"b"} x"#);
        let error = raw.decode::<dashtam::Event>().unwrap_err();
        assert!(error.message().contains("trailing characters"), "{error}");
    }
}
