//! The test server's command line.
fn main() {}
