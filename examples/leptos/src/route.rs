//! Which page is shown: what stands behind the hash, so that no server has to know.

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The first: that of Dashtam.
    Dashboard,
    /// That of Stock.
    Chat,
    /// That of Hive.
    Agents,
}

impl Route {
    /// All of them, in the order of the links.
    pub const ALL: [Route; 3] = [Route::Dashboard, Route::Chat, Route::Agents];

    /// What the address of the page says.
    pub fn of_page() -> Self {
        let hash = leptos::prelude::window().location().hash();
        let hash = hash.unwrap_or_default();
        let named = Route::ALL.into_iter().find(|route| route.link() == hash);
        named.unwrap_or(Route::Dashboard)
    }

    pub(crate) fn link(self) -> &'static str {
        match self {
            Route::Dashboard => "#/",
            Route::Chat => "#/chat",
            Route::Agents => "#/agents",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Route::Dashboard => "Dashboard",
            Route::Chat => "Chat",
            Route::Agents => "Agents",
        }
    }
}
