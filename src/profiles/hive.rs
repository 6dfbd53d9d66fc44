//! Hive.
use super::Spec;
use std::borrow::Cow;

profile! {
    /// Hive.
    Hive = "hive";
    meta: super::describe::NoMeta;
    categories {
        /// All.
        All = "all",
    }
    events {
        /// client_output_delta
        Placeholder(PlaceholderData) = "client_output_delta" in All;
    }
}

/// The spec.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        ..Spec::new("hive")
    }
}

payloads! {
    /// client_output_delta
    pub struct PlaceholderData {}
}
