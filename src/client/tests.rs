//! Outside of the browser, where no stream begins.

use super::{Client, ClientError, Closed, Events, Item};
use crate::connection::{CloseReason, State};
use crate::filter::Filter;
use crate::profiles::Profile;
use crate::profiles::dashtam::Dashtam;
use crate::profiles::stock_agent::StockAgent;
use futures::{FutureExt, StreamExt};

fn all<P: Profile>(events: Events<P>) -> Vec<Item<P::Event, P::Meta>> {
    events
        .collect()
        .now_or_never()
        .expect("nothing is waited for")
}

#[test]
fn outside_of_the_browser_the_end_is_the_only_item() {
    let events = Client::<Dashtam>::new("/api/v1/events").connect();
    assert_eq!(events.state(), State::Closed);
    let items = all(events);
    let [
        Item::Closed(Closed {
            reason: CloseReason::Unsupported,
            error: Some(ClientError::Connection(error)),
        }),
    ] = &items[..]
    else {
        panic!("more than the end, or another: {}", items.len());
    };
    assert!(error.to_string().contains("browser"), "{error}");
}

#[test]
fn what_is_wrong_with_the_options_is_said_outside_of_the_browser_too() {
    let client = Client::<Dashtam>::new("/").filter(Filter::categories(["securty"]));
    let error = client.try_connect().err().expect("there is none of it");
    assert!(error.to_string().contains("did you mean 'security'"));
}

#[test]
fn a_status_outside_of_the_browser_is_final() {
    let events = Client::<StockAgent>::new("/chat").connect();
    let statuses: Vec<_> = events
        .status_changes()
        .collect()
        .now_or_never()
        .expect("no other follows");
    assert_eq!(statuses, [events.status()]);
    assert_eq!(
        statuses[0].closed.as_ref().map(|closed| closed.reason),
        Some(CloseReason::Unsupported)
    );
}
