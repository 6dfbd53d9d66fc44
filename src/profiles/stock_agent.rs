//! StockAgent.
use super::Spec;
use std::borrow::Cow;

profile! {
    /// StockAgent.
    StockAgent = "stock_agent";
    meta: super::describe::NoMeta;
    categories {
        /// All.
        All = "all",
    }
    events {
        /// status
        Placeholder(PlaceholderData) = "status" in All;
    }
}

/// The spec.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        ..Spec::new("stock_agent")
    }
}

payloads! {
    /// status
    pub struct PlaceholderData {}
}
