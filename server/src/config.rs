//! The switches of a namespace. The defaults are what each system documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::control::ControlError;

/// Everything that can be switched in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Which CORS headers answer a browser on another origin.
    pub cors: Cors,
    /// Dashtam's switches.
    pub dashtam: DashtamConfig,
    /// The stock agent's switches.
    pub stock: StockConfig,
    /// Cortex's switches.
    pub cortex: CortexConfig,
    /// The staged chat's switches.
    pub stage: StageConfig,
    /// Hive's switches.
    pub hive: HiveConfig,
    /// Faults that are drawn for each connection; none when null.
    pub chaos: Option<Chaos>,
}

/// Faults drawn from a seed. What happens to the n-th request for a stream is the same for the same
/// seed, whatever happened before; a change of these switches begins with the first request again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaos {
    /// What the faults are drawn from.
    pub seed: u64,
    /// The share of the connections that meet a fault, from 0 to 1.
    pub rate: f64,
    /// Cuts and stalls fall at a byte of the body from 0 to this one.
    pub max_bytes: u64,
    /// The longest stall in milliseconds, after which the stream goes on; without end when null.
    pub stall_ms: Option<u64>,
    /// Which faults there are; one named twice is drawn twice as often.
    pub kinds: Vec<ChaosKind>,
}

/// A kind of fault that chaos draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChaosKind {
    /// The socket is closed in the middle of the body.
    Fin,
    /// The socket is reset in the middle of the body.
    Rst,
    /// The body is ended properly, at any byte.
    Clean,
    /// The body is held back at any byte, and ended at another where an end is among the kinds.
    Stall,
    /// The socket is closed before any byte of a response.
    Refuse,
    /// 503.
    Unavailable,
}

impl Default for Chaos {
    fn default() -> Self {
        Self {
            seed: 0,
            rate: 0.0,
            max_bytes: 65_536,
            stall_ms: Some(500),
            kinds: vec![
                ChaosKind::Fin,
                ChaosKind::Rst,
                ChaosKind::Clean,
                ChaosKind::Stall,
                ChaosKind::Refuse,
                ChaosKind::Unavailable,
            ],
        }
    }
}

/// Which CORS headers are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cors {
    /// Every origin, header and method; rate-limit, trace and date headers exposed.
    #[default]
    Permissive,
    /// What the original system sends, which for most is not enough for a browser.
    Faithful,
    /// No CORS header at all.
    None,
}

/// How Dashtam reads its `categories` query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CategoriesForm {
    /// A comma list or repeated keys, as the documents show.
    #[default]
    Documented,
    /// Repeated keys only: a comma or an unknown name gives 200, `retry`, and a cut connection.
    Service,
}

/// Where Dashtam looks for the resume cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CursorPlace {
    /// The query parameter `Last-Event-ID` alone, as the service does.
    #[default]
    #[serde(rename = "query")]
    Query,
    /// The query parameter, else the header of the same name, as its docstring says.
    #[serde(rename = "query+header")]
    QueryAndHeader,
}

/// A bucket of connects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Connects that a full bucket holds. Dashtam: 10.
    pub capacity: u32,
    /// Connects that come back each minute. Dashtam: 5.
    pub refill_per_min: f64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            capacity: 10,
            refill_per_min: 5.0,
        }
    }
}

/// Dashtam's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DashtamConfig {
    /// The value of the first frame's `retry`, in milliseconds.
    pub retry_ms: u64,
    /// Milliseconds between `:heartbeat` comments. The service sends none; its documents say 30,000.
    pub heartbeat_ms: Option<u64>,
    /// How `categories` is read.
    pub categories: CategoriesForm,
    /// Where the cursor is looked for.
    pub cursor: CursorPlace,
    /// Whether published events are kept for a resume.
    pub retention: bool,
    /// Events kept for each user.
    pub retention_max: usize,
    /// Milliseconds after its first event at which a user's whole log vanishes.
    pub retention_ttl_ms: u64,
    /// The connect rate limit of each user; none when null.
    pub rate_limit: Option<RateLimit>,
    /// Whether events published between replay and live subscription arrive. The service loses them.
    pub seamless: bool,
    /// Milliseconds between the end of the replay and the live subscription, when not seamless.
    pub replay_gap_ms: u64,
    /// Whether a bearer token is needed. Without one the stream is the test user's.
    pub require_auth: bool,
}

impl Default for DashtamConfig {
    fn default() -> Self {
        Self {
            retry_ms: 3_000,
            heartbeat_ms: None,
            categories: CategoriesForm::default(),
            cursor: CursorPlace::default(),
            retention: true,
            retention_max: 1_000,
            retention_ttl_ms: 3_600_000,
            rate_limit: Some(RateLimit::default()),
            seamless: false,
            replay_gap_ms: 0,
            require_auth: true,
        }
    }
}

/// Which of the stock agent's two vocabularies is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StockVocabulary {
    /// `status`, `chunk`, `result`, `error`.
    #[default]
    Seed,
    /// `status`, `step`, `token`, `result`, `error`.
    Rival,
}

/// The stock agent's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StockConfig {
    /// Milliseconds of silence before a `: heartbeat` comment.
    pub heartbeat_ms: u64,
    /// Whether the events queued when the agent finishes are lost, as in the sample's loop.
    pub lossy_tail: bool,
    /// Whether error messages are ASCII-escaped, as on the service's error path.
    pub ascii_errors: bool,
    /// Which vocabulary the built-in answer speaks.
    pub vocabulary: StockVocabulary,
    /// Milliseconds between the events of the built-in answer.
    pub pace_ms: u64,
}

impl Default for StockConfig {
    fn default() -> Self {
        Self {
            heartbeat_ms: 15_000,
            lossy_tail: false,
            ascii_errors: true,
            vocabulary: StockVocabulary::default(),
            pace_ms: 40,
        }
    }
}

/// Which of Cortex's two generations answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CortexGeneration {
    /// The generation that the document describes.
    #[default]
    V1,
    /// The rewrite: CRLF, pings, every event twice.
    V2,
}

/// Cortex's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CortexConfig {
    /// Which generation answers.
    pub generation: CortexGeneration,
    /// Milliseconds between `heartbeat` events; the second generation beats twice as fast.
    pub heartbeat_ms: u64,
    /// Milliseconds between the second generation's ping comments.
    pub ping_ms: u64,
    /// Workspaces and conversations that nobody may listen to, or that do not exist: 403.
    pub forbidden: Vec<String>,
}

impl Default for CortexConfig {
    fn default() -> Self {
        Self {
            generation: CortexGeneration::default(),
            heartbeat_ms: 30_000,
            ping_ms: 15_000,
            forbidden: Vec::new(),
        }
    }
}

/// Why the staged chat refuses a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageFault {
    /// 400: its environment variables are missing.
    NotConfigured,
    /// 400: nothing serves it.
    NoService,
    /// 400: it is switched off, and named in no list.
    Unknown,
    /// 501: it speaks a protocol that the service does not.
    UnsupportedProtocol,
}

/// The staged chat's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StageConfig {
    /// Milliseconds between the chunks of the built-in answer.
    pub pace_ms: u64,
    /// Whether U+2028 and its kin split a payload over several `data` lines, as the service does.
    pub split_separators: bool,
    /// The models that are refused, and why.
    pub faults: BTreeMap<String, StageFault>,
}

impl Default for StageConfig {
    fn default() -> Self {
        Self {
            pace_ms: 40,
            split_separators: true,
            faults: BTreeMap::new(),
        }
    }
}

/// Hive's switches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HiveConfig {
    /// Milliseconds of silence before a `: keepalive` comment.
    pub keepalive_ms: u64,
    /// Events that wait for one client; a full queue drops or disconnects.
    pub queue: usize,
    /// Events kept for each session and replayed on connect.
    pub history: usize,
    /// Milliseconds between subscription and replay: what is published meanwhile comes twice.
    pub replay_delay_ms: u64,
    /// Whether the later `seq` member is in the envelope.
    pub seq: bool,
    /// The value that `X-Hive-Token` must have; none is asked for when null.
    pub token: Option<String>,
}

impl Default for HiveConfig {
    fn default() -> Self {
        Self {
            keepalive_ms: 15_000,
            queue: 1_000,
            history: 1_000,
            replay_delay_ms: 0,
            seq: false,
            token: None,
        }
    }
}

impl Config {
    /// This configuration with the members of `patch` put in their places.
    ///
    /// # Errors
    /// Names the member that is unknown or has the wrong type.
    pub(crate) fn patched(&self, patch: Value) -> Result<Self, ControlError> {
        let mut whole = serde_json::to_value(self)
            .map_err(|error| ControlError::bad_request(error.to_string()))?;
        merge(&mut whole, patch);
        let config: Self = serde_path_to_error::deserialize(whole)
            .map_err(|error| ControlError::field(error.path().to_string(), error.inner()))?;
        match &config.chaos {
            Some(chaos) if !(0.0..=1.0).contains(&chaos.rate) => Err(ControlError::field(
                "chaos.rate",
                format!("{} is not in 0 to 1", chaos.rate),
            )),
            _ => Ok(config),
        }
    }
}

/// Objects are merged, anything else replaces; null is a value here, not a removal.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                match target.get_mut(&name) {
                    Some(old) => merge(old, value),
                    None => {
                        target.insert(name, value);
                    }
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let config = Config::default()
            .patched(json!({"dashtam": {"heartbeat_ms": 20, "rate_limit": null}}))
            .unwrap();
        assert_eq!(config.dashtam.heartbeat_ms, Some(20));
        assert_eq!(config.dashtam.rate_limit, None);
        assert_eq!(config.dashtam.retry_ms, 3_000);
        assert_eq!(config.hive, HiveConfig::default());
    }

    #[test]
    fn the_readme_lists_every_switch() {
        const README: &str = include_str!("../README.md");
        let config = serde_json::to_value(Config::default()).unwrap();
        let mut switches = Vec::new();
        for (name, value) in config.as_object().unwrap() {
            match value {
                Value::Object(members) => {
                    switches.extend(members.keys().map(|member| format!("{name}.{member}")));
                }
                _ => switches.push(name.clone()),
            }
        }
        let missing: Vec<_> = switches
            .iter()
            .filter(|switch| !README.contains(&format!("| `{switch}` |")))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_wrong_member_is_named() {
        let unknown = Config::default()
            .patched(json!({"dashtam": {"heartbeat": 20}}))
            .unwrap_err();
        assert!(unknown.to_string().contains("heartbeat"), "{unknown}");
        let mistyped = Config::default()
            .patched(json!({"hive": {"queue": "many"}}))
            .unwrap_err();
        assert!(mistyped.to_string().contains("hive.queue"), "{mistyped}");
    }
}
