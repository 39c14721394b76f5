use super::{Encoding, content_type, get, get_encoded, name_of};

#[test]
fn the_root_is_the_page() {
    let page = get("/").expect("a dashboard or its placeholder is always embedded");
    assert_eq!(page, get("index.html").unwrap());
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert!(!page.immutable);
    assert!(page.encoding.is_none());
    assert!(page.bytes.starts_with(b"<!doctype html>"));
}

#[test]
fn the_page_has_nothing_inline_that_a_strict_policy_stops() {
    let page = String::from_utf8(get("/").unwrap().bytes.into_owned()).unwrap();
    for inline in ["<style", "<script>", " style=", " onclick="] {
        assert!(!page.contains(inline), "{inline}");
    }
}

#[test]
fn what_the_page_names_is_there() {
    let page = String::from_utf8(get("/").unwrap().bytes.into_owned()).unwrap();
    let mut named = 0;
    for (_, rest) in page.match_indices("\"./").map(|(at, mark)| page[at..].split_at(mark.len())) {
        let path = &rest[..rest.find('"').unwrap()];
        if path == "openapi.json" {
            continue;
        }
        let asset = get(path).unwrap_or_else(|| panic!("{path} is missing"));
        assert_eq!(asset.immutable, path.starts_with("assets/"), "{path}");
        named += 1;
    }
    assert!(named > 0);
}

#[test]
fn a_tag_names_its_bytes() {
    let page = get("/").unwrap();
    assert_eq!(page.etag.len(), 34);
    assert!(page.etag.starts_with('"') && page.etag.ends_with('"'));
    if let Some(packed) = get_encoded("/", Encoding::Gzip) {
        assert_eq!((packed.encoding, packed.content_type), (Some("gzip"), page.content_type));
        assert_ne!(packed.etag, page.etag);
        assert_eq!(packed.bytes[..2], [0x1f, 0x8b]);
    }
}

#[test]
fn what_is_not_there_is_nothing() {
    for path in [
        "/missing.js",
        "/assets/",
        "assets",
        "//index.html",
        "/../Cargo.toml",
        "/.dist-stamp",
        "/a/./b",
        "/..\\Cargo.toml",
        "/index.html.gz",
    ] {
        assert_eq!(get(path), None, "{path}");
    }
}

#[test]
fn names_are_taken_as_they_stand() {
    for (path, name) in [
        ("/", Some("index.html")),
        ("", Some("index.html")),
        ("/assets/a.js", Some("assets/a.js")),
        ("/a//b", None),
        ("/.git", None),
        ("/a.br", None),
    ] {
        assert_eq!(name_of(path), name, "{path}");
    }
}

#[test]
fn types_follow_the_ending() {
    for (name, kind) in [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.b.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("plain", "application/octet-stream"),
    ] {
        assert_eq!(content_type(name), kind);
    }
}
