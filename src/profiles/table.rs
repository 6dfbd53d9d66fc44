//! The macros that make a profile's enums, structs and [`Spec`](super::Spec) rows from one table.

use alloc::string::String;

/// A name that is in no profile's table of event types.
///
/// ```
/// use tidewire::profiles::dashtam;
/// let error = dashtam::category_of("sync.accounts.begun").unwrap_err();
/// assert_eq!(error.to_string(), "dashtam has no event type 'sync.accounts.begun'");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEventType {
    /// The profile that was asked.
    pub profile: &'static str,
    /// The name that it does not have.
    pub name: String,
}

impl core::fmt::Display for UnknownEventType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} has no event type '{}'", self.profile, self.name)
    }
}

impl core::error::Error for UnknownEventType {}

/// A name that is no category of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCategory {
    /// The profile that was asked.
    pub profile: &'static str,
    /// The name that it does not have.
    pub name: String,
}

impl core::fmt::Display for UnknownCategory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} has no category '{}'", self.profile, self.name)
    }
}

impl core::error::Error for UnknownCategory {}

/// The event table of a profile: from it come `Category`, `EventType`, `Event`, `EVENTS`,
/// `CATEGORIES`, `category_of` and, for the printer of TypeScript, `describe`.
macro_rules! profile {
    (
        $(#[doc = $profile_doc:expr])*
        $marker:ident = $profile:literal;
        meta: $meta:ty;
        categories {
            $( $(#[doc = $category_doc:expr])* $category:ident = $category_name:literal, )+
        }
        events {
            $(
                $(#[doc = $event_doc:expr])*
                $event:ident($payload:ty) = $name:literal $(| $alias:literal)*
                    in $in:ident $([ $($flag:ident)+ ])?;
            )+
        }
    ) => {
        $(#[doc = $profile_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $marker;

        /// The categories that the event types fall into.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Category {
            $( $(#[doc = $category_doc])* $category, )+
        }

        impl Category {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Category] = &[$(Category::$category),+];

            /// The name, as it stands in a filter.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Category::$category => $category_name, )+
                }
            }
        }

        impl core::fmt::Display for Category {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl core::str::FromStr for Category {
            type Err = $crate::profiles::UnknownCategory;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $( $category_name => Ok(Category::$category), )+
                    _ => Err($crate::profiles::UnknownCategory {
                        profile: $profile,
                        name: alloc::string::String::from(name),
                    }),
                }
            }
        }

        impl From<Category> for $crate::profiles::Name {
            fn from(category: Category) -> Self {
                alloc::borrow::Cow::Borrowed(category.as_str())
            }
        }

        /// The event types by name alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $( $(#[doc = $event_doc])* $event, )+
        }

        impl EventType {
            /// All of them, in the order of the table.
            pub const ALL: &'static [EventType] = &[$(EventType::$event),+];

            /// The name, as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( EventType::$event => $name, )+
                }
            }

            /// The category it belongs to.
            pub const fn category(self) -> Category {
                match self {
                    $( EventType::$event => Category::$in, )+
                }
            }
        }

        impl core::fmt::Display for EventType {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl core::str::FromStr for EventType {
            type Err = $crate::profiles::UnknownEventType;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $( $name $(| $alias)* => Ok(EventType::$event), )+
                    _ => Err($crate::profiles::UnknownEventType {
                        profile: $profile,
                        name: alloc::string::String::from(name),
                    }),
                }
            }
        }

        /// The category of an event type; an unknown name is an error.
        pub fn category_of(name: &str) -> Result<Category, $crate::profiles::UnknownEventType> {
            name.parse::<EventType>().map(EventType::category)
        }

        const CATEGORIES: &[$crate::profiles::Name] =
            &[$(alloc::borrow::Cow::Borrowed($category_name)),+];

        const EVENTS: &[$crate::profiles::EventSpec] = &[
            $( $crate::profiles::EventSpec {
                name: alloc::borrow::Cow::Borrowed($name),
                aliases: alloc::borrow::Cow::Borrowed(&[$(alloc::borrow::Cow::Borrowed($alias)),*]),
                category: Category::$in as u8,
                flags: $crate::profiles::Flags::NONE
                    $($(.with($crate::profiles::Flags::$flag))+)?,
            }, )+
        ];

        /// One event: its type, and its payload.
        #[cfg(feature = "payloads")]
        #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
        pub enum Event {
            $(
                $(#[doc = $event_doc])*
                #[serde(rename = $name $(, alias = $alias)*)]
                $event($payload),
            )+
            /// An event that the profile does not know, with its text.
            #[serde(skip)]
            Unknown($crate::profiles::Unknown),
        }

        #[cfg(feature = "payloads")]
        impl Event {
            /// The type's name, as it stands on the wire.
            pub fn name(&self) -> &str {
                match self {
                    $( Event::$event(_) => $name, )+
                    Event::Unknown(unknown) => &unknown.name,
                }
            }

            /// The type; `None` for an unknown one.
            pub fn event_type(&self) -> Option<EventType> {
                match self {
                    $( Event::$event(_) => Some(EventType::$event), )+
                    Event::Unknown(_) => None,
                }
            }

            /// The category; `None` for an unknown type.
            pub fn category(&self) -> Option<Category> {
                self.event_type().map(EventType::category)
            }

            /// The payload as JSON text, compact.
            pub fn payload(&self) -> Result<String, serde_json::Error> {
                match self {
                    $( Event::$event(payload) => serde_json::to_string(payload), )+
                    Event::Unknown(unknown) => Ok(unknown.data.clone()),
                }
            }

            /// The frame in which the service sends it; `meta` stands around the payload, where
            /// the profile has an envelope.
            ///
            /// # Errors
            /// When the payload cannot be written, or not as this profile's.
            pub fn frame(
                &self,
                meta: &$meta,
            ) -> Result<$crate::profiles::Frame, $crate::profiles::FrameError> {
                let failed = |error: serde_json::Error| {
                    $crate::profiles::FrameError::new(self.name(), error.to_string())
                };
                let spec = spec();
                let payload = self.payload().map_err(failed)?;
                // Text goes out as what it says, not as a JSON string.
                let payload = match (self, spec.format) {
                    (Event::Unknown(_), _) | (_, $crate::profiles::Format::Json) => payload,
                    _ => serde_json::from_str(&payload).map_err(failed)?,
                };
                let meta = serde_json::to_string(meta).map_err(failed)?;
                $crate::profiles::Frame::new(&spec, self.name(), &payload, &meta)
            }
        }

        #[cfg(feature = "payloads")]
        impl $crate::profiles::Profile for $marker {
            type Event = Event;
            type Meta = $meta;

            fn spec() -> $crate::profiles::Spec {
                spec()
            }

            fn decode(
                raw: &$crate::profiles::RawEvent<'_>,
            ) -> Result<Event, $crate::profiles::DecodeError> {
                match raw.known() {
                    true => raw.decode(),
                    false => Ok(Event::Unknown(raw.unknown())),
                }
            }
        }

        /// What the TypeScript of this profile is printed from.
        #[cfg(feature = "payloads")]
        #[doc(hidden)]
        pub fn describe() -> $crate::profiles::describe::ProfileTypes {
            let mut types = $crate::profiles::describe::ProfileTypes::new(
                spec(),
                concat!($($profile_doc, "\n"),*),
            );
            types.meta::<$meta>();
            $( types.event::<$payload>($name, concat!($($event_doc, "\n"),*)); )+
            types
        }
    };
}

/// The structs of payloads: serde both ways, equality, and a description for TypeScript.
///
/// A field of the first list is always sent, if perhaps as null (`Option`). One of the `optional`
/// list may be absent; it becomes an `Option`.
macro_rules! payloads {
    ($(
        $(#[doc = $doc:expr])*
        pub struct $name:ident {
            $( $(#[doc = $field_doc:expr])* $field:ident $(as $json:literal)?: $ty:ty, )*
        } $(optional {
            $( $(#[doc = $opt_doc:expr])* $opt:ident $(as $opt_json:literal)?: $opt_ty:ty, )*
        })?
    )+) => {$(
        $(#[doc = $doc])*
        #[cfg(feature = "payloads")]
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $( $(#[doc = $field_doc])* $(#[serde(rename = $json)])? pub $field: $ty, )*
            $($(
                $(#[doc = $opt_doc])*
                #[serde($(rename = $opt_json,)? default, skip_serializing_if = "Option::is_none")]
                pub $opt: Option<$opt_ty>,
            )*)?
        }

        #[cfg(feature = "payloads")]
        impl $crate::profiles::describe::Describe for $name {
            fn typescript(types: &mut $crate::profiles::describe::Types) -> String {
                if types.begin(stringify!($name)) {
                    let fields = vec![
                        $( $crate::profiles::describe::Field {
                            name: payloads!(@name $field $($json)?),
                            ty: <$ty as $crate::profiles::describe::Describe>::typescript(types),
                            optional: false,
                            doc: concat!($($field_doc, "\n"),*),
                        }, )*
                        $($( $crate::profiles::describe::Field {
                            name: payloads!(@name $opt $($opt_json)?),
                            ty: <$opt_ty as $crate::profiles::describe::Describe>::typescript(types),
                            optional: true,
                            doc: concat!($($opt_doc, "\n"),*),
                        }, )*)?
                    ];
                    types.end(stringify!($name), concat!($($doc, "\n"),*), fields);
                }
                stringify!($name).to_owned()
            }
        }
    )+};
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $json:literal) => { $json };
}
