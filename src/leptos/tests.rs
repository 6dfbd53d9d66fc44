use super::{use_events, use_events_when};
use crate::client::{Client, Status};
use crate::connection::State;
use crate::profiles::dashtam::Dashtam;
use reactive_graph::owner::Owner;
use reactive_graph::traits::{Get, GetUntracked};
use std::rc::Rc;
use std::thread;

/// Whatever a component may put into its functions.
fn client(what: &Rc<str>) -> impl Fn() -> Client<Dashtam> + 'static {
    let what = Rc::clone(what);
    move || Client::new(&*what)
}

#[test]
fn a_server_renders_what_a_browser_begins_with() {
    let owner = Owner::new();
    owner.with(|| {
        let events = use_events(client(&"/events".into()));
        assert_eq!(events.status().get(), Status::default());
        assert_eq!(events.state().get(), State::Connecting);
        assert_eq!(events.gaps().get(), 0);
        assert!(events.latest().get().is_none());
        assert!(events.undecodable().get().is_none());
        assert!(events.recent(5).get().is_empty());
        assert_eq!(events.fold(7, |_, _| unreachable!()).get(), 7);
        events.for_each(|_| unreachable!("nothing comes on a server"));
        events.reconnect();
        events.close();
        assert_eq!(events.state().get(), State::Connecting);
    });
}

#[test]
fn without_a_client_a_stream_is_closed_from_the_beginning() {
    Owner::new().with(|| {
        let events = use_events_when::<Dashtam>(|| None);
        assert_eq!(events.state().get(), State::Closed);
    });
}

#[test]
fn nothing_of_a_component_is_called_or_kept_on_a_server() {
    let what: Rc<str> = "/events".into();
    let owner = Owner::new();
    owner.with(|| {
        let events = use_events(client(&what));
        let held = Rc::clone(&what);
        events.for_each(move |_| drop(Rc::clone(&held)));
    });
    assert_eq!(
        Rc::strong_count(&what),
        1,
        "closures may be dropped nowhere but here"
    );
}

#[test]
fn what_one_thread_has_rendered_another_one_may_read_and_drop() {
    let owner = Owner::new();
    let what: Rc<str> = "/events".into();
    let (events, folded, latest) = owner.with(|| {
        let events = use_events(client(&what));
        (events, events.fold(1, |_, _| {}), events.latest())
    });
    let elsewhere = thread::spawn(move || {
        let seen = (
            events.status().get_untracked().state,
            folded.get_untracked(),
            latest.get_untracked().is_none(),
        );
        owner.cleanup();
        drop(owner);
        seen
    });
    let seen = elsewhere.join().expect("another thread may do that");
    assert_eq!(seen, (State::Connecting, 1, true));
}
