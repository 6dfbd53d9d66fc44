//! The hook for Leptos: components without a view, as the server sees them.

use crate::hooks::{say, text, until};
use crate::live_bytes::live_bytes;
use crate::server::{Namespace, pause};
use any_spawner::Executor;
use reactive_graph::owner::Owner;
use reactive_graph::signal::{ReadSignal, RwSignal};
use reactive_graph::traits::{Get, GetUntracked, Set, WithUntracked};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tidewire::client::{Client, CursorStore, Item};
use tidewire::connection::{CloseReason, ErrorKind, State};
use tidewire::filter::Filter;
use tidewire::leptos::{UseEvents, use_events, use_events_when};
use tidewire::profiles::dashtam::Dashtam;
use tidewire::profiles::plain::Plain;
use tidewire::profiles::stock_agent::{Event as Answer, StockAgent};
use wasm_bindgen_test::wasm_bindgen_test;

/// A component: what it sets up lives until this is dropped.
struct Component(Owner);

impl Component {
    fn mount<T>(set_up: impl FnOnce() -> T) -> (Self, T) {
        // It is there already from the second test on.
        let _ = Executor::init_wasm_bindgen();
        let owner = Owner::new();
        let parts = owner.with(set_up);
        (Component(owner), parts)
    }

    fn part<T>(&self, set_up: impl FnOnce() -> T) -> (Self, T) {
        let owner = self.0.child();
        let parts = owner.with(set_up);
        (Component(owner), parts)
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.0.cleanup();
    }
}

/// All that was said so far, with a space between.
fn said(events: UseEvents<Plain>) -> ReadSignal<String> {
    events.fold(String::new(), |said, event| {
        said.push_str(text(&event.data));
        said.push(' ');
    })
}

#[wasm_bindgen_test]
async fn events_reach_a_fold_a_list_and_the_latest_and_the_end_of_the_component_closes_the_stream()
{
    let server = Namespace::new("leptos-life").await;
    let url = server.url("/plain");
    let (component, (events, all, recent, latest)) = Component::mount(|| {
        let events = use_events::<Plain>(move || Client::new(&*url));
        (events, said(events), events.recent(2), events.latest())
    });
    assert_eq!(
        events.status().with_untracked(|status| status.state),
        State::Connecting
    );
    assert_eq!(all.get_untracked(), "");
    server.streams(1).await;
    say(&server, &["a", "b", "c"]).await;
    until("all of them", || all.get_untracked() == "a b c ").await;
    let kept: Vec<_> = recent
        .get_untracked()
        .iter()
        .map(|event| (event.number, text(&event.data).to_owned()))
        .collect();
    assert_eq!(kept, [(2, "b".to_owned()), (3, "c".to_owned())]);
    let latest = latest.get_untracked().expect("there were some");
    assert_eq!(text(&latest.data), "c");
    assert_eq!(
        events.status().with_untracked(|status| status.state),
        State::Open
    );
    drop(component);
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_signal_in_the_url_opens_another_stream_and_closes_the_one_before() {
    let server = Namespace::new("leptos-url").await;
    let base = server.url("");
    let (_component, (id, all)) = Component::mount(|| {
        let id = RwSignal::new(1);
        let events =
            use_events::<Plain>(move || Client::new(format!("{base}/plain?id={}", id.get())));
        (id, said(events))
    });
    server.streams(1).await;
    say(&server, &["one"]).await;
    until("the first", || all.get_untracked() == "one ").await;
    id.set(2);
    let two_and_one_is_gone = |requests: &[Value]| {
        let states: Vec<_> = requests.iter().map(|request| &request["state"]).collect();
        states == ["client-gone", "open"]
    };
    let requests = server.requests_when(two_and_one_is_gone).await;
    assert_eq!(
        [&requests[0]["query"], &requests[1]["query"]],
        ["id=1", "id=2"]
    );
    assert_eq!(all.get_untracked(), "", "what was gathered was the other's");
    say(&server, &["two"]).await;
    until("the second", || all.get_untracked() == "two ").await;
    id.set(2);
    pause(50).await;
    assert_eq!(
        server.requests().await.len(),
        2,
        "the same is the same stream"
    );
}

#[wasm_bindgen_test]
async fn a_signal_in_the_filter_changes_that_of_the_open_stream_and_keeps_what_was_gathered() {
    let server = Namespace::new("leptos-filter").await;
    let token = server.token("dashtam").await;
    let url = server.url("/api/v1/events");
    let (_component, (wanted, changes, names, events)) = Component::mount(|| {
        let wanted = RwSignal::new(vec!["import"]);
        let events = use_events::<Dashtam>(move || {
            let token = token.clone();
            Client::new(&*url)
                .token(move |_| std::future::ready(Some(token.clone())))
                .filter(Filter::categories(wanted.get()))
        });
        let names = events.fold(Vec::new(), |names, event| {
            names.push(event.name.to_string())
        });
        let changes = Rc::new(Cell::new(0));
        let counted = Rc::clone(&changes);
        events.for_each(move |item| {
            if matches!(item, Item::FilterChanged) {
                counted.set(counted.get() + 1);
            }
        });
        (wanted, changes, names, events)
    });
    let session = json!({"system": "dashtam", "event": "security.session.new", "data": {
        "session_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22", "device_info": "a phone",
        "ip_address": null, "location": null}});
    let import = json!({"system": "dashtam", "event": "import.started", "data": {
        "file_name": "a.csv", "file_format": "csv"}});
    server.streams(1).await;
    server.publish(json!([import])).await;
    until("an import", || names.get_untracked() == ["import.started"]).await;
    wanted.set(vec!["import", "security"]);
    // The other stream takes over once an event has come by both.
    server.streams(2).await;
    server.publish(json!([import])).await;
    until("another filter", || changes.get() == 1).await;
    server.streams(1).await;
    server.publish(json!([session])).await;
    let expected = ["import.started", "import.started", "security.session.new"];
    until("a session", || names.get_untracked() == expected).await;
    // One that does not fit is told, and the one before stays.
    wanted.set(vec!["imports"]);
    let error = || {
        events
            .status()
            .with_untracked(|status| status.error.clone())
    };
    until("an error", || error().is_some()).await;
    let error_of_the_filter = error().expect("that was waited for");
    assert_eq!(error_of_the_filter.kind, ErrorKind::Filter);
    assert!(
        error_of_the_filter
            .message
            .contains("did you mean 'import'")
    );
    server.publish(json!([session])).await;
    until("another session", || names.get_untracked().len() == 4).await;
    wanted.set(vec!["security", "import"]);
    until("no error", || error().is_none()).await;
}

#[wasm_bindgen_test]
async fn an_event_that_does_not_fit_its_type_is_told_and_the_others_come() {
    let server = Namespace::new("leptos-undecodable").await;
    let body = concat!(
        "event: import.started\ndata: {\"file_name\": 7}\n\n",
        "event: import.completed\ndata: {\"file_name\": \"a\", \"records_imported\": 1}\n\n",
    );
    let steps = json!([{"write": body}, {"stall": true}]);
    server.script("GET", "/imports", steps).await;
    let url = server.url("/imports");
    let (_component, (undecodable, names)) = Component::mount(|| {
        let events = use_events::<Dashtam>(move || Client::new(&*url));
        let names = events.fold(Vec::new(), |names, event| {
            names.push(event.name.to_string())
        });
        (events.undecodable(), names)
    });
    until("the next", || names.get_untracked() == ["import.completed"]).await;
    let error = undecodable
        .get_untracked()
        .expect("it came before the other");
    assert_eq!(error.event(), "import.started");
}

#[wasm_bindgen_test]
async fn components_that_ask_for_the_same_share_a_connection() {
    let server = Namespace::new("leptos-share").await;
    let url = server.url("/plain");
    let component = |url: &str| {
        let url = url.to_owned();
        Component::mount(|| said(use_events::<Plain>(move || Client::new(&*url))))
    };
    let (first, heard_first) = component(&url);
    let (second, heard_second) = component(&url);
    server.streams(1).await;
    say(&server, &["x"]).await;
    until("both", || {
        [heard_first, heard_second]
            .iter()
            .all(|said| said.get_untracked() == "x ")
    })
    .await;
    drop(first);
    // Who comes late learns how the connection is.
    let late_url = url.clone();
    let (third, state) =
        Component::mount(|| use_events::<Plain>(move || Client::new(&*late_url)).status());
    until("the state", || {
        state.with_untracked(|status| status.state == State::Open)
    })
    .await;
    say(&server, &["y"]).await;
    until("the other", || heard_second.get_untracked() == "x y ").await;
    drop((second, third));
    server.streams(0).await;
    assert_eq!(server.requests().await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_component_that_takes_the_place_of_another_takes_its_connection_over() {
    let server = Namespace::new("leptos-place").await;
    let url = server.url("/plain");
    let mount = || {
        let url = url.clone();
        Component::mount(|| said(use_events::<Plain>(move || Client::new(&*url))))
    };
    let (mut component, mut heard) = mount();
    server.streams(1).await;
    for text in ["a", "b", "c"] {
        drop(component);
        (component, heard) = mount();
        // It was there when this was said: nothing was closed in between.
        say(&server, &[text]).await;
        until("what was said", || {
            heard.get_untracked() == format!("{text} ")
        })
        .await;
    }
    assert_eq!(server.requests().await.len(), 1);
    drop(component);
    server.streams(0).await;
    assert_eq!(
        heard.try_get_untracked(),
        None,
        "what was gathered is gone, too"
    );
}

/// Where the application keeps what outlives a component.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<BTreeMap<String, String>>>);

impl CursorStore for Kept {
    fn get(&self, key: &str) -> Option<String> {
        self.0.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, last_event_id: &str) {
        let mut kept = self.0.borrow_mut();
        kept.insert(key.to_owned(), last_event_id.to_owned());
    }
}

#[wasm_bindgen_test]
async fn a_component_that_comes_back_goes_on_after_the_last_event_if_it_has_a_store() {
    let server = Namespace::new("leptos-resume").await;
    let kept = Kept::default();
    let page = || {
        let (url, kept) = (server.url("/plain"), kept.clone());
        let client = move || Client::new(&*url).store(kept.clone());
        let (component, events) = Component::mount(|| {
            let events = use_events::<Plain>(client);
            (events.status(), said(events))
        });
        (component, events.0, events.1)
    };
    let (first, _, heard) = page();
    server.streams(1).await;
    say(&server, &["a", "b"]).await;
    until("both", || heard.get_untracked() == "a b ").await;
    // Another one is where the first is, and shares its connection.
    let (second, status, heard) = page();
    until("an open stream", || {
        status.with_untracked(|status| status.state == State::Open)
    })
    .await;
    say(&server, &["c"]).await;
    until("the next", || heard.get_untracked() == "c ").await;
    drop((first, second));
    server.streams(0).await;
    let (_third, _, heard) = page();
    server.streams(1).await;
    say(&server, &["d"]).await;
    until("the one after", || heard.get_untracked() == "d ").await;
    let requests = server.requests().await;
    let ids: Vec<&Value> = requests
        .iter()
        .map(|request| &request["headers"]["last-event-id"])
        .collect();
    assert_eq!(ids, [&Value::Null, &json!("c")]);
}

#[wasm_bindgen_test]
async fn without_a_client_nothing_is_open_and_each_question_is_asked_once() {
    let server = Namespace::new("leptos-when").await;
    let answer = |text: &str| json!([{"type": "chunk", "content": text}, {"type": "chunk", "content": "!"}, "[DONE]"]);
    server.answer("stock", answer("One")).await;
    server.answer("stock", answer("Two")).await;
    let url = server.url("/api/chat");
    let (_component, (question, events, text)) = Component::mount(|| {
        let question = RwSignal::new(None::<&str>);
        let events = use_events_when::<StockAgent>(move || {
            let message = question.get()?;
            Client::new(&*url).json(&json!({ "message": message })).ok()
        });
        let text = events.fold(String::new(), |text, event| {
            if let Answer::Chunk(chunk) = &event.data {
                text.push_str(&chunk.content);
            }
        });
        (question, events, text)
    });
    let status = events.status();
    let ended = || {
        status.with_untracked(|status| {
            status
                .closed
                .as_ref()
                .is_some_and(|closed| closed.reason == CloseReason::Ended)
        })
    };
    let state = || status.with_untracked(|status| status.state);
    assert_eq!(state(), State::Closed);
    question.set(Some("What?"));
    until("an answer", ended).await;
    assert_eq!(text.get_untracked(), "One!");
    question.set(None);
    until("nothing", || !ended()).await;
    assert_eq!(
        (state(), text.get_untracked()),
        (State::Closed, String::new())
    );
    question.set(Some("What?"));
    until("another answer", ended).await;
    assert_eq!(text.get_untracked(), "Two!");
    assert_eq!(server.requests().await.len(), 2);
}

#[wasm_bindgen_test]
async fn what_has_ended_begins_anew_when_it_is_reconnected() {
    let server = Namespace::new("leptos-again").await;
    let end = json!([{"write": "data: x\n\n"}, {"pause_ms": 50}, {"end": "clean"}]);
    server.script("GET", "/plain", end).await;
    let url = server.url("/plain");
    let (_component, (events, all)) = Component::mount(|| {
        let events = use_events::<Plain>(move || Client::new(&*url).reconnect(None));
        (events, said(events))
    });
    let closed = || {
        events
            .status()
            .with_untracked(|status| status.closed.is_some())
    };
    until("the end", closed).await;
    assert_eq!(all.get_untracked(), "x ");
    events.reconnect();
    assert_eq!((closed(), all.get_untracked()), (false, String::new()));
    server.streams(1).await;
    say(&server, &["y"]).await;
    until("the next", || all.get_untracked() == "y ").await;
    events.close();
    until("another end", closed).await;
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_gatherer_may_close_the_stream_unmount_its_component_and_add_others_while_it_is_told() {
    let server = Namespace::new("leptos-within").await;
    let url = server.url("/plain");
    let told = Rc::new(RefCell::new(Vec::<String>::new()));
    let component = Rc::new(RefCell::new(None::<Component>));
    let (mounted, ()) = Component::mount(|| {
        let events = use_events::<Plain>({
            let url = url.clone();
            move || Client::new(&*url)
        });
        let (seen, part) = (Rc::clone(&told), Rc::new(RefCell::new(None::<Component>)));
        let whole = Rc::clone(&component);
        events.for_each(move |item| {
            let Item::Event(event) = item else { return };
            let text = text(&event.data);
            seen.borrow_mut().push(format!("first {text}"));
            match text {
                "add" => {
                    let seen = Rc::clone(&seen);
                    let owner = whole.borrow();
                    let owner = owner.as_ref().expect("it is mounted");
                    let (added, ()) = owner.part(|| {
                        events.for_each(move |item| {
                            if let Item::Event(event) = item {
                                let text = self::text(&event.data);
                                seen.borrow_mut().push(format!("added {text}"));
                            }
                        });
                    });
                    *part.borrow_mut() = Some(added);
                }
                "remove" => drop(part.take()),
                "unmount" => drop(whole.take()),
                _ => {}
            }
        });
    });
    *component.borrow_mut() = Some(mounted);
    server.streams(1).await;
    say(&server, &["add", "x", "remove", "unmount", "late"]).await;
    server.streams(0).await;
    let expected = [
        "first add",
        "first x",
        "added x",
        "first remove",
        "first unmount",
    ];
    assert_eq!(*told.borrow(), expected);
}

#[wasm_bindgen_test]
async fn components_that_came_and_went_leave_nothing_behind() {
    const ROUNDS: usize = 300;
    let server = Namespace::new("leptos-leak").await;
    let url = server.url("/plain");
    let round = async |is_to_open: bool| {
        let url = url.clone();
        let (component, (state, gathered)) = Component::mount(|| {
            let events = use_events::<Plain>(move || Client::new(&*url));
            let (latest, recent) = (events.latest(), events.recent(3));
            (events.state(), (latest, recent, said(events)))
        });
        if is_to_open {
            until("an open stream", || state.get_untracked() == State::Open).await;
        }
        drop(component);
        assert!(gathered.0.try_get_untracked().is_none());
        pause(0).await;
    };
    // Every other one goes while it is connecting.
    for index in 0..20 {
        round(index % 2 == 0).await;
    }
    server.streams(0).await;
    let before = live_bytes();
    for index in 0..ROUNDS {
        round(index % 2 == 0).await;
    }
    server.streams(0).await;
    let mut after = live_bytes();
    for _ in 0..500 {
        // A table may have grown. A pointer of each round would be more.
        if after < before + 4 * ROUNDS {
            return;
        }
        pause(20).await;
        after = live_bytes();
    }
    panic!("of {before} bytes {after} are alive after {ROUNDS} rounds");
}
