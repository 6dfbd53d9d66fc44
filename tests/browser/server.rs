//! The test server's control API, from within the browser.

use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch_with(url: &str, init: &web_sys::RequestInit) -> Result<js_sys::Promise, JsValue>;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, millis: i32);
}

/// The address that the tests were compiled for.
pub(crate) fn address() -> &'static str {
    match option_env!("TIDEWIRE_SERVER") {
        Some(address) => address,
        None => panic!(
            "compile the tests with TIDEWIRE_SERVER=http://127.0.0.1:PORT of a tidewire-server"
        ),
    }
}

/// A namespace of the server, all of a test's own.
pub(crate) struct Namespace {
    url: String,
}

impl Namespace {
    /// Each test takes a name of its own, and finds it empty.
    pub(crate) async fn new(name: &str) -> Self {
        let url = format!("{}/ns/browser-{name}", address());
        let namespace = Namespace { url };
        namespace.call("POST", "reset", None).await;
        namespace
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) async fn publish(&self, items: Value) {
        let published = self.call("POST", "publish", Some(items)).await;
        assert_ne!(published["published"], json!(0), "{published}");
    }

    pub(crate) async fn answer(&self, system: &str, events: Value) {
        let answer = json!({"system": system, "events": events, "delay_ms": 0});
        self.call("POST", "answer", Some(answer)).await;
    }

    pub(crate) async fn script(&self, method: &str, path: &str, steps: Value) {
        let script = json!({"method": method, "path": path, "times": 1, "steps": steps});
        self.call("POST", "script", Some(script)).await;
    }

    /// Changes what the server is told to be.
    pub(crate) async fn configure(&self, change: Value) {
        self.call("PATCH", "config", Some(change)).await;
    }

    /// Arms a fault for what is asked for next.
    pub(crate) async fn fault(&self, fault: Value) {
        self.call("POST", "faults", Some(fault)).await;
    }

    /// Breaks what is open at a path.
    pub(crate) async fn cut(&self, path: &str, how: &str) {
        let cut = json!({"path": path, "how": how});
        let answer = self.call("POST", "connections/cut", Some(cut)).await;
        assert_eq!(answer["cut"], 1, "{answer}");
    }

    pub(crate) async fn token(&self, system: &str) -> String {
        self.issue(json!({"system": system})).await
    }

    pub(crate) async fn token_for(&self, system: &str, user: &str) -> String {
        self.issue(json!({"system": system, "user": user})).await
    }

    async fn issue(&self, wish: Value) -> String {
        let answer = self.call("POST", "token", Some(wish)).await;
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// The requests so far, less those by which the browser asks whether it may.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let mut log = self.call("GET", "requests", None).await;
        let log: Vec<Value> =
            serde_json::from_value(log["requests"].take()).expect("a list of requests");
        log.into_iter()
            .filter(|request| request["method"] != "OPTIONS")
            .collect()
    }

    /// Waits until the log of requests is as `condition` says, and gives it.
    pub(crate) async fn requests_when(&self, condition: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        for _ in 0..800 {
            let requests = self.requests().await;
            if condition(&requests) {
                return requests;
            }
            pause(25).await;
        }
        panic!(
            "the requests never came to be so: {:#?}",
            self.requests().await
        );
    }

    /// Waits until that many streams are open.
    pub(crate) async fn streams(&self, count: usize) {
        let open = |requests: &[Value]| {
            let open = requests.iter().filter(|request| request["state"] == "open");
            open.count() == count
        };
        self.requests_when(open).await;
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/_tidewire/{path}", self.url);
        let init = web_sys::RequestInit::new();
        init.set_method(method);
        if let Some(body) = body {
            init.set_body(&body.to_string().into());
        }
        let (status, text) = get(&url, &init).await.expect("the server answers");
        assert!(status < 300, "{method} {url}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// The text at a path of the server, if there is any.
pub(crate) async fn file(path: &str) -> Option<String> {
    let url = format!("{}{path}", address());
    let (status, text) = get(&url, &web_sys::RequestInit::new()).await.ok()?;
    (status == 200).then_some(text)
}

/// Lets some milliseconds pass.
pub(crate) async fn pause(millis: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| set_timeout(&resolve, millis));
    JsFuture::from(promise)
        .await
        .expect("a timer is never rejected");
}

async fn get(url: &str, init: &web_sys::RequestInit) -> Result<(u16, String), JsValue> {
    let response: web_sys::Response = JsFuture::from(fetch_with(url, init)?)
        .await?
        .unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}
