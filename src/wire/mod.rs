//! `text/event-stream`, both ways.
