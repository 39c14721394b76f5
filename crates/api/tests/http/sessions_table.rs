//! The tables of introspection: what the app may answer, what it is shown, and when a cookie counts.

use api::AccessConfig;
use api::access::{BadAccess, IntrospectConfig};
use http::{Method, StatusCode};
use serde_json::json;

use crate::fake_app::{FakeApp, Manner};
use crate::rig::{Call, KEY, Limits, NOW, Rig, forged, token};

/// As a page of the server's own sends it.
pub const OWN: (&str, &str) = ("origin", "http://127.0.0.1:8430");
const LISTED: &str = "https://app.example.com";

/// A call by ann's cookie, from a page of the server's own.
pub fn by_cookie(call: Call, cookie: &str) -> Call {
    call.header("cookie", cookie).header(OWN.0, OWN.1)
}

#[tokio::test]
async fn each_answer_is_told_as_what_it_is() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let big = format!(r#"{{"subject":"ann","pad":"{}"}}"#, "x".repeat(1024 * 1024));
    let rows = [
        (200, r#"{"subject":"ann"}"#, "ann default jobs:read jobs:submit jobs:control"),
        (200, r#"{"active":true,"sub":"ann","scope":"jobs:read jobs:report"}"#, "ann default jobs:read jobs:report"),
        (200, r#"{"subject":"ann","tenant":"t","scopes":["admin"],"tenantWide":true}"#, "ann t admin wide"),
        (
            200,
            r#"{"subject":"ann","expiresAt":"2026-11-22T18:40:00Z"}"#,
            "ann default jobs:read jobs:submit jobs:control until 2026-11-22T18:40:00.000Z",
        ),
        (200, r#"{"active":false}"#, "401 unauthenticated"),
        (200, r#"{"subject":"ann","exp":1}"#, "401 unauthenticated"),
        (401, "", "401 unauthenticated"),
        (403, "<html>", "401 unauthenticated"),
        (200, "", "503 identity_unavailable"),
        (200, "<html>", "503 identity_unavailable"),
        (200, "{}", "503 identity_unavailable"),
        (200, &big, "503 identity_unavailable"),
        (204, "", "503 identity_unavailable"),
        (404, r#"{"subject":"ann"}"#, "503 identity_unavailable"),
        (429, "", "503 identity_unavailable"),
        (500, r#"{"active":false}"#, "503 identity_unavailable"),
        (503, "", "503 identity_unavailable"),
    ];
    for (number, (status, body, expected)) in rows.into_iter().enumerate() {
        app.behaves(Manner::Answers(status, body.to_owned()));
        let reply = by_cookie(rig.get("/me"), &format!("sid={number}")).send().await;
        let me = &reply.json;
        let told = match reply.status {
            StatusCode::OK => {
                let scopes: Vec<&str> =
                    me["scopes"].as_array().expect("scopes").iter().filter_map(|scope| scope.as_str()).collect();
                let wide = if me["tenantWide"] == true { " wide" } else { "" };
                let until = me["expiresAt"].as_str().map(|at| format!(" until {at}")).unwrap_or_default();
                let (subject, tenant) = (me["subject"].as_str().expect("a name"), me["tenant"].as_str().expect("a name"));
                format!("{subject} {tenant} {}{wide}{until}", scopes.join(" "))
            }
            status => format!("{} {}", status.as_u16(), me["code"].as_str().unwrap_or_default()),
        };
        assert_eq!(told, expected, "{status} {}", &body[..body.len().min(80)]);
        assert_eq!(reply.header("retry-after").is_empty(), reply.status != 503, "{status}");
    }
    app.behaves(Manner::Redirects);
    by_cookie(rig.get("/me"), "sid=away").send().await.problem(503, "identity_unavailable");
    assert_eq!(app.asked(), rows_count() + 1, "a redirect is not followed, and each was asked once");
}

const fn rows_count() -> usize {
    17
}

#[tokio::test(start_paused = true)]
async fn an_app_that_hangs_or_is_not_there_is_not_a_sign_out() {
    let app = FakeApp::start().await;
    let limits = api::RateLimits { refused_address: one_refusal(), ..Limits::none() };
    let rig = Rig::with(app.config(), limits);
    app.behaves(Manner::Hangs);
    let started = tokio::time::Instant::now();
    by_cookie(rig.get("/me"), "sid=a").send().await.problem(503, "identity_unavailable");
    assert!(started.elapsed() <= std::time::Duration::from_secs(21), "{:?}", started.elapsed());
    let gone = IntrospectConfig { url: "http://127.0.0.1:9/whoami".into(), ..app.introspect() };
    rig.context.access.replace(AccessConfig { introspect: Some(gone), ..app.config() }).expect("a good configuration");
    for _ in 0..3 {
        // It is nobody's guess: the bound on refused requests does not count it.
        by_cookie(rig.get("/me"), "sid=a").send().await.problem(503, "identity_unavailable");
    }
}

fn one_refusal() -> Option<api::RateLimit> {
    let one = std::num::NonZeroU32::MIN;
    Some(api::RateLimit { per_second: one, burst: one })
}

#[tokio::test]
async fn only_cookies_and_authorization_are_shown() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let call =
        rig.post("/jobs?x=1", json!({"task": "review"})).header("x-forwarded-for", "192.0.2.1").header("referer", "http://x/");
    let call = by_cookie(call, "tidings_live_3=ours; sid=a; theme=dark").token("opaque").header("user-agent", "browser");
    call.send().await.expect(StatusCode::CREATED);
    let seen = app.seen();
    let mut names: Vec<&str> = seen.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "cookie", "host"]);
    assert_eq!(
        (&seen["cookie"], &seen["authorization"]),
        ("sid=a; theme=dark".parse().as_ref().unwrap(), "Bearer opaque".parse().as_ref().unwrap())
    );

    let narrow = IntrospectConfig { cookies: Some(vec!["sid".into()]), ..app.introspect() };
    rig.context.access.replace(AccessConfig { introspect: Some(narrow), ..app.config() }).expect("a good configuration");
    by_cookie(rig.get("/me"), "theme=dark; sid=a; sidecar=1").send().await.expect(StatusCode::OK);
    assert_eq!(app.seen()["cookie"], "sid=a");
    let asked = app.asked();
    for cookie in ["theme=dark", "tidings_live_3=ours", "", "; ;", "=x"] {
        by_cookie(rig.get("/me"), cookie).send().await.problem(401, "unauthenticated");
    }
    by_cookie(rig.get("/me"), &format!("sid={}", "x".repeat(20_000))).send().await.problem(401, "unauthenticated");
    assert_eq!(app.asked(), asked, "nothing was there to be shown");
}

#[tokio::test]
async fn a_cookie_counts_only_from_a_page_of_ours() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let own = OWN.1;
    // Headers, then whether a read and whether a change is let through.
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let rows: [(Headers<'_>, bool, bool); 14] = [
        (&[("origin", own)], true, true),
        (&[("origin", LISTED)], true, true),
        (&[("origin", "https://evil.example")], false, false),
        (&[("origin", "null")], false, false),
        (&[("origin", own), ("sec-fetch-site", "cross-site")], true, true),
        (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false, false),
        (&[("sec-fetch-site", "same-origin")], true, true),
        (&[("sec-fetch-site", "none")], true, false),
        (&[("sec-fetch-site", "same-site")], false, false),
        (&[("sec-fetch-site", "cross-site"), ("referer", "http://127.0.0.1:8430/x")], false, false),
        (&[("referer", "http://127.0.0.1:8430/x?y")], true, true),
        (&[("referer", "https://app.example.com")], true, true),
        (&[("referer", "https://evil.example/http://127.0.0.1:8430/")], false, false),
        (&[], false, false),
    ];
    for (headers, may_read, may_change) in rows {
        let calls = [(rig.get("/jobs"), may_read, 200), (rig.post("/jobs", json!({"task": "review"})), may_change, 201)];
        for (call, may, status) in calls {
            let asked = app.asked();
            let call = headers.iter().fold(call.header("cookie", "sid=a"), |call, (name, value)| call.header(name, value));
            let reply = call.send().await;
            match may {
                true => _ = reply.expect(StatusCode::from_u16(status).unwrap()),
                false => {
                    reply.problem(403, "forbidden_origin");
                    assert_eq!(app.asked(), asked, "{headers:?}: the app hears nothing of it");
                }
            }
        }
    }
    // A token is meant, whoever sends it; a cookie beside it is not looked at then.
    app.signs_in("Bearer opaque", json!({"subject": "carl"}));
    let reply = rig.get("/me").header("cookie", "sid=a").token("opaque").send().await.expect(StatusCode::OK);
    assert_eq!((reply.text("subject"), app.seen().get("cookie")), ("carl".to_owned(), None));
    // What a browser repeats by itself is not meant.
    app.signs_in("Basic YTpi", json!({"subject": "dora"}));
    let basic = || rig.get("/me").header("authorization", "Basic YTpi");
    basic().send().await.problem(403, "forbidden_origin");
    assert_eq!(basic().header(OWN.0, OWN.1).send().await.expect(StatusCode::OK).text("subject"), "dora");
}

#[tokio::test]
async fn listed_pages_may_send_cookies_and_read_the_answer() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let credentials = "access-control-allow-credentials";
    let reply = rig.get("/me").header("cookie", "sid=a").header("origin", LISTED).send().await.expect(StatusCode::OK);
    assert_eq!((reply.header("access-control-allow-origin"), reply.header(credentials)), (LISTED, "true"));
    let preflight = rig.call(Method::OPTIONS, "/jobs").header("origin", LISTED).header("access-control-request-method", "POST");
    let reply = preflight.send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!((reply.header("access-control-allow-origin"), reply.header(credentials)), (LISTED, "true"));
    let foreign = rig.get("/me").header("cookie", "sid=a").header("origin", "https://evil.example").send().await;
    assert_eq!(foreign.problem(403, "forbidden_origin").header(credentials), "");
    // Where no cookie counts, none is asked for.
    let reply = Rig::closed().get("/me").token(KEY).header("origin", LISTED).send().await.expect(StatusCode::OK);
    assert_eq!(reply.header(credentials), "");
}

#[tokio::test]
async fn what_is_known_here_is_not_shown_to_the_app() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let minted = rig.post("/tokens", json!({"subject": "eve"})).token(KEY).send().await.text("token");
    let short = rig.post("/tokens", json!({"subject": "eve", "expiresIn": 10})).token(KEY).send().await.text("token");
    let expired = token("ann", json!({"exp": NOW.0 / 1_000 - 60}));
    rig.clock.advance_ms(11_000);
    for (told, token, expected) in [
        ("a key", KEY, "shop"),
        ("no key of ours", "tdk_shop_wrong", "401 unauthenticated"),
        ("a token of the server's own", &minted, "eve"),
        ("one that has expired", &short, "401 token_expired"),
        ("a user's JWT", &token("bob", json!({})), "bob"),
        ("a user's JWT that has expired", &expired, "401 token_expired"),
    ] {
        let reply = by_cookie(rig.get("/me"), "sid=a").token(token).send().await;
        let code = reply.json["code"].as_str().unwrap_or_default();
        let who = reply.json["subject"].as_str().map_or_else(|| format!("{} {code}", reply.status.as_u16()), str::to_owned);
        assert_eq!(who, expected, "{told}");
    }
    assert_eq!(app.asked(), 0);
    for (told, token) in [("a JWT under another signature", forged()), ("an opaque one", "opaque".to_owned())] {
        let asked = app.asked();
        app.signs_in(&format!("Bearer {token}"), json!({"subject": "carl"}));
        let reply = rig.get("/me").token(&token).send().await.expect(StatusCode::OK);
        assert_eq!((reply.text("subject"), app.asked()), ("carl".to_owned(), asked + 1), "{told}");
    }
    by_cookie(rig.get("/me"), "sid=a").header("authorization", "Bearer ").send().await.expect(StatusCode::OK);
    assert_eq!(app.seen().get("authorization"), None, "an empty one is none");
}

#[test]
fn an_address_that_may_not_be_asked_is_refused_at_the_start() {
    api::install_crypto();
    let clock: engine::clock::SharedClock = engine::clock::ManualClock::at(NOW);
    let taken = |url: &str, private_hosts: &[&str]| {
        let private_hosts = private_hosts.iter().map(|host| (*host).to_owned()).collect();
        let introspect =
            IntrospectConfig { url: url.into(), cookies: None, cache_ms: 1, private_hosts, default_scopes: Vec::new() };
        let config = AccessConfig { introspect: Some(introspect), ..AccessConfig::default() };
        api::Access::new(config, clock.clone()).map(|_| ())
    };
    assert!(matches!(taken("http://127.0.0.1:3000/whoami", &[]), Err(BadAccess::PrivateUrl { .. })));
    assert!(matches!(taken("http://[::1]:3000/whoami", &["127.0.0.1"]), Err(BadAccess::PrivateUrl { .. })));
    assert!(taken("http://127.0.0.1:3000/whoami", &["127.0.0.1"]).is_ok());
    for url in ["file:///whoami", "whoami", "http://ann:secret@127.0.0.1/whoami"] {
        assert!(matches!(taken(url, &["127.0.0.1"]), Err(BadAccess::BadUrl { .. })), "{url}");
    }
}
