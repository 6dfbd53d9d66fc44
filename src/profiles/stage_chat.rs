//! StageChat.
use super::Spec;
use std::borrow::Cow;

profile! {
    /// StageChat.
    StageChat = "stage_chat";
    meta: super::describe::NoMeta;
    categories {
        /// All.
        All = "all",
    }
    events {
        /// done
        Placeholder(PlaceholderData) = "done" in All;
    }
}

/// The spec.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        ..Spec::new("stage_chat")
    }
}

payloads! {
    /// done
    pub struct PlaceholderData {}
}
