//! Cortex.
use super::Spec;
use std::borrow::Cow;

profile! {
    /// Cortex.
    Cortex = "cortex";
    meta: super::describe::NoMeta;
    categories {
        /// All.
        All = "all",
    }
    events {
        /// connect
        Placeholder(PlaceholderData) = "connect" in All;
    }
}

/// The spec.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        ..Spec::new("cortex")
    }
}

payloads! {
    /// connect
    pub struct PlaceholderData {}
}
