//! The tokens that Dashtam and Cortex ask for.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::systems::System;

/// The user that events and tokens belong to when nobody is named.
pub const TEST_USER: &str = "018f4e6a-7c1d-7b3a-9f52-3d1c8a5e2b70";

/// Seconds that an access token of Dashtam lives.
pub const DEFAULT_TTL_S: i64 = 900;

/// What tokens are signed with (HS256).
///
/// The default is the same in every process, so that a token printed by one is taken by another.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// A secret of your own.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// A token for `user` that ends `ttl_s` seconds from now; a negative life gives an expired one.
    ///
    /// # Errors
    /// When the claims cannot be signed.
    pub fn issue(
        &self,
        system: System,
        user: &str,
        ttl_s: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = unix_seconds();
        let claims = match system {
            System::Cortex => json!({
                "user_id": user,
                "roles": ["user"],
                "iat": now,
                "exp": now.saturating_add(ttl_s),
            }),
            _ => json!({
                "sub": user,
                "email": "test@example.com",
                "roles": ["user"],
                "session_id": Uuid::now_v7().to_string(),
                "jti": Uuid::now_v7().to_string(),
                "iat": now,
                "exp": now.saturating_add(ttl_s),
            }),
        };
        self.sign(&claims)
    }

    /// A token with any claims.
    ///
    /// # Errors
    /// When the claims cannot be signed.
    pub fn sign(&self, claims: &Value) -> Result<String, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_secret(self.0.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
    }

    /// The claims of a token that is signed with this secret and has not ended.
    ///
    /// # Errors
    /// Says nothing about which of the two it was; neither do the systems.
    pub fn verify(&self, token: &str) -> Result<Map<String, Value>, InvalidToken> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Tests age tokens by the second.
        validation.leeway = 0;
        let key = DecodingKey::from_secret(self.0.as_bytes());
        jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation)
            .map(|token| token.claims)
            .map_err(|_| InvalidToken)
    }
}

impl Default for TokenSecret {
    fn default() -> Self {
        Self::new("tidewire-test-server-secret-of-no-worth")
    }
}

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// A token that is malformed, wrongly signed or past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidToken;

impl std::fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the token is malformed, wrongly signed or expired")
    }
}

impl std::error::Error for InvalidToken {}

fn unix_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_until_it_ends_and_only_with_its_own_secret() {
        let secret = TokenSecret::default();
        let token = secret.issue(System::Dashtam, TEST_USER, 60).unwrap();
        assert_eq!(secret.verify(&token).unwrap()["sub"], TEST_USER);
        assert_eq!(TokenSecret::new("other").verify(&token), Err(InvalidToken));
        let ended = secret.issue(System::Dashtam, TEST_USER, -60).unwrap();
        assert_eq!(secret.verify(&ended), Err(InvalidToken));
    }

    #[test]
    fn cortex_finds_its_user_under_another_claim() {
        let secret = TokenSecret::default();
        let token = secret.issue(System::Cortex, "ada", 60).unwrap();
        assert_eq!(secret.verify(&token).unwrap()["user_id"], "ada");
    }
}
