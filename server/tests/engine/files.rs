//! Static files.

use std::{fs, path::PathBuf};

use tidewire_server::Server;

use crate::raw::get;

/// A directory of a test's own, gone when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("public/inner")).unwrap();
        fs::write(path.join("secret.txt"), "secret").unwrap();
        for file in [
            "index.html",
            "inner/index.html",
            "a.js",
            "a.mjs",
            "a.wasm",
            "a.css",
            "a.svg",
            "a.json",
            "a.png",
        ] {
            fs::write(path.join("public").join(file), file).unwrap();
        }
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn files_have_the_types_that_browsers_insist_on() {
    let directory = Directory::new("types");
    let server = Server::builder()
        .static_dir("/", directory.0.join("public"))
        .start()
        .await
        .unwrap();
    for (path, kind) in [
        ("/", "text/html"),
        ("/inner/", "text/html"),
        ("/a.js", "text/javascript"),
        ("/a.mjs", "text/javascript"),
        ("/a.wasm", "application/wasm"),
        ("/a.css", "text/css"),
        ("/a.svg", "image/svg+xml"),
        ("/a.json", "application/json"),
        ("/a.png", "image/png"),
    ] {
        let mut file = get(server.address(), path, &[]).await;
        file.read_to_end().await;
        assert_eq!(file.status(), 200, "{path}");
        assert_eq!(file.header("content-type"), Some(kind), "{path}");
        assert_eq!(file.header("cache-control"), Some("no-cache"), "{path}");
        let name = path.trim_start_matches('/');
        assert!(
            file.text()
                .ends_with(if name.ends_with('/') || name.is_empty() {
                    "index.html"
                } else {
                    name
                })
        );
    }
    // The systems come before the files.
    assert_eq!(
        get(server.address(), "/api/v1/events", &[]).await.status(),
        401
    );
}

#[tokio::test]
async fn nothing_above_the_directory_is_served() {
    let directory = Directory::new("traversal");
    let server = Server::builder()
        .static_dir("/pkg", directory.0.join("public"))
        .start()
        .await
        .unwrap();
    assert_eq!(get(server.address(), "/pkg/a.js", &[]).await.status(), 200);
    for path in [
        "/pkg/../secret.txt",
        "/pkg/%2e%2e/secret.txt",
        "/pkg/..%2fsecret.txt",
        "/pkg/inner/../../secret.txt",
        "/pkg//secret.txt",
        "/pkgsecret.txt",
        "/a.js",
    ] {
        let mut file = get(server.address(), path, &[]).await;
        file.read_to_end().await;
        assert_eq!(file.status(), 404, "{path}");
        assert!(!file.text().contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn a_directory_without_its_slash_leads_to_the_one_with_it() {
    let directory = Directory::new("redirect");
    let server = Server::builder()
        .static_dir("/pkg", directory.0.join("public"))
        .start()
        .await
        .unwrap();
    for (path, location) in [
        ("/pkg/inner", "/pkg/inner/"),
        ("/ns/a/pkg/inner", "/ns/a/pkg/inner/"),
    ] {
        let redirect = get(server.address(), path, &[]).await;
        assert_eq!(redirect.status(), 307);
        assert_eq!(redirect.header("location"), Some(location));
    }
}
