//! What a server renders: the beginning, without a stream, a timer or a panic.

#![cfg(not(target_arch = "wasm32"))]

use leptos::prelude::*;
use leptos_app::{App, AppProps, Place, Route};
use std::thread;

fn rendered(start: Route) -> (Owner, String) {
    let owner = Owner::new_root(None);
    let html = owner.with(|| {
        let place = Place::new("rendered", true);
        App(AppProps { place, start }).to_html()
    });
    (owner, html)
}

#[test]
fn a_server_renders_the_beginning_of_every_stream() {
    let (_, html) = rendered(Route::Dashboard);
    for part in [
        r#"data-state="connecting""#,
        r#"data-events="0""#,
        "Nothing yet.",
    ] {
        assert!(html.contains(part), "no {part} in {html}");
    }
    let (_, html) = rendered(Route::Agents);
    for part in [
        r#"data-state="connecting""#,
        "No agent has said anything yet.",
    ] {
        assert!(html.contains(part), "no {part} in {html}");
    }
    let (_, html) = rendered(Route::Chat);
    assert!(html.contains("Ask the analyst"), "{html}");
}

#[test]
fn servers_render_side_by_side_and_drop_elsewhere_what_they_rendered() {
    let renderers: Vec<_> = (0..8)
        .map(|_| thread::spawn(|| Route::ALL.map(rendered)))
        .collect();
    for renderer in renderers {
        let pages = renderer.join().expect("nothing panics");
        for (owner, html) in pages {
            assert!(html.contains("Tidewire"));
            owner.cleanup();
        }
    }
}

#[test]
fn the_page_has_the_application_in_it() {
    let page = leptos_app::page();
    assert!(page.starts_with("<!doctype html>"));
    assert!(
        page.contains(r#"<body><header class="masthead">"#),
        "{page}"
    );
}
