//! Whether options can be used, alone and together.

use super::buffer::Overflow;
use super::options::{Client, Credentials, IdempotencyKey, Transport};
use super::queue::may_be_shed;
use crate::connection::{Config, ConfigError, Connection};
use crate::profiles::{Auth, Cursor, Profile};
use std::fmt;

/// Why options cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// The filter does not fit the profile, the profile contradicts itself, or a request that
    /// runs something was to be repeated.
    Config(ConfigError),
    /// An option cannot be what it is, by itself or beside the others.
    Option {
        /// Its name.
        option: &'static str,
        /// Why, and what is allowed.
        message: String,
    },
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::Config(error) => error.fmt(f),
            OptionsError::Option { option, message } => write!(f, "{option}: {message}"),
        }
    }
}

impl std::error::Error for OptionsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OptionsError::Config(error) => Some(error),
            OptionsError::Option { .. } => None,
        }
    }
}

fn refused(option: &'static str, message: impl Into<String>) -> OptionsError {
    let message = message.into();
    OptionsError::Option { option, message }
}

impl<P: Profile> Client<P> {
    /// Checks the options, and works out what one of them means for others.
    pub(super) fn settle(&mut self) -> Result<(), OptionsError> {
        self.check_request()?;
        self.check_repetition()?;
        self.check_buffer()?;
        if self.transport == Transport::EventSource {
            self.check_event_source()?;
        }
        let once = self.is_sent_once();
        let has_function = self.token.is_some() || self.headers.is_some();
        let config = &mut self.config;
        // An EventSource is never asked for its headers, and its attempts are to be counted.
        config.has_token = has_function || self.transport == Transport::EventSource;
        config.renews_token |= self.headers.is_some();
        config.repeatable = !once;
        match &self.reconnect {
            Some(backoff) => config.backoff.clone_from(backoff),
            None if once => config.backoff = None,
            None => {}
        }
        Connection::new(Config::clone(config))
            .map(drop)
            .map_err(OptionsError::Config)
    }

    fn check_request(&self) -> Result<(), OptionsError> {
        let method = self.the_method();
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let bodiless = ["CONNECT", "HEAD", "TRACE", "TRACK"].contains(&method);
        if method.is_empty() || bodiless || !method.bytes().all(is_token) {
            return Err(refused(
                "method",
                "must be an HTTP method whose answer has a body",
            ));
        }
        if self.body.is_some() && method == "GET" {
            let message = "a GET has none; leave out 'method', or make it 'POST'";
            return Err(refused("body", message));
        }
        if self.config.last_event_id.contains(['\0', '\r', '\n']) {
            return Err(refused(
                "last_event_id",
                "must be text without NUL and line breaks",
            ));
        }
        if self.config.max_event_bytes == 0 {
            return Err(refused("max_event_bytes", "must be 1 or more"));
        }
        Ok(())
    }

    /// What only makes sense for requests that are sent once, and what only for others.
    fn check_repetition(&self) -> Result<(), OptionsError> {
        let once = self.is_sent_once();
        match &self.idempotency_key {
            Some(_) if !once => {
                let message = "a GET may be repeated anyway, and needs none";
                return Err(refused("idempotency_key", message));
            }
            Some(IdempotencyKey::Text(text))
                if !(1..=255).contains(&text.len())
                    || !text.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                let message = "must be 1 to 255 visible ASCII characters";
                return Err(refused("idempotency_key", message));
            }
            _ => {}
        }
        if self.share.is_some() && once {
            let message = "a request that is sent once has an answer of its own";
            return Err(refused("share", message));
        }
        let spec = &self.config.spec;
        if self.store.is_some() && (once || spec.cursor == Cursor::None) {
            let who = match spec.cursor {
                Cursor::None => spec.name.as_ref(),
                _ => self.the_method(),
            };
            return Err(refused(
                "store",
                format!("{who} cannot be told where to go on"),
            ));
        }
        if let Some(Some(backoff)) = &self.reconnect
            && backoff.min_delay > backoff.max_delay
        {
            return Err(refused(
                "reconnect",
                format!(
                    "min_delay must be at most max_delay ({}), not {}",
                    backoff.max_delay, backoff.min_delay
                ),
            ));
        }
        Ok(())
    }

    fn check_buffer(&self) -> Result<(), OptionsError> {
        if self.buffer.events == 0 || self.buffer.bytes == 0 {
            return Err(refused("buffer", "events and bytes must be 1 or more"));
        }
        let spec = &self.config.spec;
        let can_pause = self.transport == Transport::Fetch;
        match self.buffer.overflow {
            Some(Overflow::Pause) if !can_pause => Err(refused(
                "buffer.overflow",
                "EventSource cannot pause; use Transport::Fetch. Allowed: Drop, Close",
            )),
            Some(Overflow::Drop) if !spec.events.iter().any(may_be_shed) => Err(refused(
                "buffer.overflow",
                format!(
                    "{} calls no event droppable. Allowed: {}Close",
                    spec.name,
                    if can_pause { "Pause, " } else { "" }
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_event_source(&self) -> Result<(), OptionsError> {
        let spec = &self.config.spec;
        let by_query = matches!(spec.cursor, Cursor::HeaderAndQuery(_));
        let has_headers = !self.header.is_empty() || self.headers.is_some();
        #[cfg(target_arch = "wasm32")]
        let has_fetch = self.fetch.is_some();
        #[cfg(not(target_arch = "wasm32"))]
        let has_fetch = false;
        let header_token = self.token.is_some() && !matches!(spec.auth, Auth::Query(_));
        let refusals = [
            (has_headers, "headers", "cannot send headers"),
            (self.body.is_some(), "body", "cannot send a body"),
            (self.the_method() != "GET", "method", "sends only GET"),
            (has_fetch, "fetch", "does not fetch by a function"),
            (
                self.credentials == Some(Credentials::Omit),
                "credentials",
                "always sends them to its own origin",
            ),
            (header_token, "token", "cannot send a token in a header"),
            (
                !by_query && !self.config.last_event_id.is_empty(),
                "last_event_id",
                "cannot be told where to go on",
            ),
            (
                !by_query && self.store.is_some(),
                "store",
                "cannot be told where to go on",
            ),
        ];
        match refusals.into_iter().find(|(is_so, ..)| *is_so) {
            Some((_, option, why)) => Err(refused(
                option,
                format!("EventSource {why}; use Transport::Fetch"),
            )),
            None => Ok(()),
        }
    }
}
