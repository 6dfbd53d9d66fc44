//! State apart for each namespace, so that tests run side by side.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    config::{Config, RateLimit},
    control::ControlError,
    faults::Faults,
    requests::RequestLog,
    script::Scripts,
    stream::Ending,
    systems::{self, System},
    token::TokenSecret,
    traffic::Traffic,
};

/// The namespace of requests that name none.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Namespaces that one server keeps.
pub(crate) const MAX_NAMESPACES: usize = 4_096;

/// What the server remembers for one namespace.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
    config: RwLock<Config>,
    token_secret: TokenSecret,
    audience: [watch::Sender<usize>; System::ALL.len()],
    pub(crate) requests: RequestLog,
    pub(crate) scripts: Scripts,
    pub(crate) faults: Faults,
    pub(crate) traffic: Traffic,
    /// Dashtam's logs and subscribers.
    pub dashtam: systems::dashtam::State,
    /// The stock agent's queued answers and sessions.
    pub stock: systems::stock::State,
    /// Cortex's channels.
    pub cortex: systems::cortex::State,
    /// The staged chat's queued answers.
    pub stage: systems::stage::State,
    /// Hive's sessions.
    pub hive: systems::hive::State,
    /// Subscribers of the plain stream.
    pub plain: systems::plain::State,
}

impl Namespace {
    fn new(name: &str, token_secret: TokenSecret) -> Self {
        Self {
            name: name.into(),
            config: RwLock::default(),
            token_secret,
            audience: System::ALL.map(|_| watch::Sender::new(0)),
            requests: RequestLog::new(),
            scripts: Scripts::default(),
            faults: Faults::default(),
            traffic: Traffic::default(),
            dashtam: systems::dashtam::State::default(),
            stock: systems::stock::State::default(),
            cortex: systems::cortex::State::default(),
            stage: systems::stage::State::default(),
            hive: systems::hive::State::default(),
            plain: systems::plain::State::default(),
        }
    }

    /// The name in its path and host.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Config {
        self.config
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What tokens are signed with.
    pub(crate) fn token_secret(&self) -> &TokenSecret {
        &self.token_secret
    }

    /// Changes the configuration.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Config)) -> Config {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let chaos = config.chaos.clone();
        change(&mut config);
        if config.chaos != chaos {
            self.faults.restart_chaos();
        }
        config.clone()
    }

    /// Merges a partial configuration.
    pub(crate) fn patch_config(&self, patch: Value) -> Result<Config, ControlError> {
        let mut config = self.config.write().unwrap_or_else(PoisonError::into_inner);
        let patched = config.patched(patch)?;
        if config.chaos != patched.chaos {
            self.faults.restart_chaos();
        }
        *config = patched;
        Ok(config.clone())
    }

    /// Counts a listener of `system` until the guard is dropped.
    pub(crate) fn join_audience(&self, system: System) -> AudienceGuard {
        let count = self.audience[system as usize].clone();
        count.send_modify(|listeners| *listeners += 1);
        AudienceGuard { count }
    }

    /// How many listen to `system`.
    pub(crate) fn audience(&self, system: System) -> watch::Receiver<usize> {
        self.audience[system as usize].subscribe()
    }

    /// Ends every stream and the traffic.
    fn close(&self) {
        self.traffic.stop();
        self.scripts.clear();
        self.faults.clear();
        for exchange in self.requests.open() {
            exchange.cut(Ending::Clean, None);
        }
    }
}

/// Counts one listener.
#[derive(Debug)]
pub(crate) struct AudienceGuard {
    count: watch::Sender<usize>,
}

impl Drop for AudienceGuard {
    fn drop(&mut self) {
        self.count.send_modify(|listeners| *listeners -= 1);
    }
}

/// All namespaces of one server.
#[derive(Debug)]
pub(crate) struct Namespaces {
    by_name: Mutex<HashMap<String, Arc<Namespace>>>,
    token_secret: TokenSecret,
    demo: bool,
}

impl Namespaces {
    pub(crate) fn new(token_secret: TokenSecret, demo: bool) -> Self {
        Self {
            by_name: Mutex::default(),
            token_secret,
            demo,
        }
    }

    /// The namespace of that name, created if it is new.
    ///
    /// # Errors
    /// For a name that no path or host can carry, and when there are too many.
    pub(crate) fn open(&self, name: &str) -> Result<Arc<Namespace>, ControlError> {
        if !is_name(name) {
            return Err(ControlError::bad_request(format!(
                "`{name}` is no name for a namespace: 1 to 63 of A-Z a-z 0-9 - _"
            )));
        }
        let mut by_name = self.lock();
        if let Some(namespace) = by_name.get(name) {
            return Ok(Arc::clone(namespace));
        }
        if by_name.len() >= MAX_NAMESPACES {
            return Err(ControlError::unavailable(format!(
                "there are {MAX_NAMESPACES} namespaces already"
            )));
        }
        let namespace = Arc::new(Namespace::new(name, self.token_secret.clone()));
        if self.demo && name == DEFAULT_NAMESPACE {
            // Reloading a page ten times in two minutes is no misuse of a demonstration.
            namespace.configure(|config| {
                config.dashtam.rate_limit = Some(RateLimit {
                    capacity: 600,
                    refill_per_min: 600.0,
                });
            });
            namespace.traffic.start(&namespace, 1.0);
        }
        by_name.insert(name.into(), Arc::clone(&namespace));
        Ok(namespace)
    }

    /// Closes the namespace's streams; its next use finds it fresh.
    pub(crate) fn reset(&self, name: &str) {
        let old = self.lock().remove(name);
        if let Some(old) = old {
            old.close();
        }
    }

    /// Closes all streams.
    pub(crate) fn close(&self) {
        let all: Vec<_> = self.lock().drain().collect();
        for (_, namespace) in all {
            namespace.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Namespace>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
