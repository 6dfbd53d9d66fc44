//! Hours with servers that cut.
