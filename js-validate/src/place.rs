//! A deserializer that knows where in the JSON it is.
//!
//! It passes everything on to the one that it wraps, with one exception: a struct is read from an
//! object alone. serde would take a list of its members in their order as well.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// A place in JSON, as RFC 9535 writes it without the `$` of the root: `.choices[0].delta`.
///
/// It grows on the way in and shrinks on the way out, but not behind an error.
#[derive(Default)]
pub(crate) struct Place {
    text: String,
}

impl Place {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Goes into a member of an object.
    pub(crate) fn enter(&mut self, member: &str) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if member.bytes().all(is_plain) && !member.starts_with(|first: char| first.is_ascii_digit())
        {
            self.text.push('.');
            self.text.push_str(member);
            return;
        }
        self.text.push_str("['");
        for character in member.chars() {
            match character {
                '\'' | '\\' => self.text.extend(['\\', character]),
                _ => self.text.push(character),
            }
        }
        self.text.push_str("']");
    }
}

/// The deserializer `D`, whose place is known.
pub(crate) struct Placed<'a, D> {
    inner: D,
    place: &'a mut Place,
}

impl<'a, D> Placed<'a, D> {
    pub(crate) fn new(inner: D, place: &'a mut Place) -> Self {
        Placed { inner, place }
    }
}

macro_rules! pass_on {
    ($($method:ident as $inner:ident($($argument:ident: $ty:ty),*);)+) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $ty,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$inner(Placed::new(visitor, self.place))
        }
    )+};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Placed<'_, D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any as deserialize_any();
        deserialize_bool as deserialize_bool();
        deserialize_u64 as deserialize_u64();
        deserialize_f64 as deserialize_f64();
        deserialize_str as deserialize_str();
        deserialize_string as deserialize_string();
        deserialize_option as deserialize_option();
        deserialize_seq as deserialize_seq();
        deserialize_map as deserialize_map();
        deserialize_identifier as deserialize_identifier();
        deserialize_ignored_any as deserialize_ignored_any();
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct enum
    }
}

/// The visitor within: what it visits next is placed too.
impl<'de, V: Visitor<'de>> Visitor<'de> for Placed<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(formatter)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<V::Value, E> {
        self.inner.visit_bool(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<V::Value, E> {
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<V::Value, E> {
        self.inner.visit_u64(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.inner.visit_f64(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<V::Value, E> {
        self.inner.visit_str(value)
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.inner.visit_borrowed_str(value)
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Placed::new(inner, self.place))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Elements {
            inner,
            place: self.place,
            index: 0,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let outside = self.place.text.len();
        self.inner.visit_map(Members {
            inner,
            place: self.place,
            outside,
        })
    }
}

struct Elements<'a, A> {
    inner: A,
    place: &'a mut Place,
    index: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let outside = self.place.text.len();
        let result = self
            .inner
            .next_element_seed(Placed::new(seed, &mut *self.place));
        if result.is_err() {
            // What is within was written before: the number is needed where it fails alone.
            let index = format!("[{}]", self.index);
            self.place.text.insert_str(outside, &index);
        }
        self.index += 1;
        result
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

struct Members<'a, A> {
    inner: A,
    place: &'a mut Place,
    /// The length of the object's own place.
    outside: usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(Key {
            inner: seed,
            place: &mut *self.place,
        })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self
            .inner
            .next_value_seed(Placed::new(seed, &mut *self.place))?;
        self.place.text.truncate(self.outside);
        Ok(value)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Placed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Placed::new(inner, self.place))
    }
}

/// An object's key on its way: whoever reads it enters the member.
struct Key<'a, T> {
    inner: T,
    place: &'a mut Place,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Key {
            inner,
            place: self.place,
        })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Key<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_str(Key {
            inner: visitor,
            place: self.place,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Key<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(formatter)
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<V::Value, E> {
        self.place.enter(key);
        self.inner.visit_str(key)
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<V::Value, E> {
        self.place.enter(key);
        self.inner.visit_borrowed_str(key)
    }
}
