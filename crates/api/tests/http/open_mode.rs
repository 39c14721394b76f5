//! Without access control only this machine's own pages and programs get in.

use http::{Method, StatusCode};
use serde_json::json;

use crate::rig::Rig;

#[tokio::test]
async fn host_and_origin_must_be_loopback() {
    let rig = Rig::open();
    for host in ["127.0.0.1:8430", "localhost:8430", "[::1]:8430", "LOCALHOST:8430"] {
        rig.get("/me").host(host).send().await.expect(StatusCode::OK);
    }
    for host in ["127.0.0.1", "127.0.0.1:80", "evil.example:8430", "localhost.evil.example:8430", "127.0.0.1.nip.io:8430", ""] {
        rig.get("/me").host(host).send().await.problem(403, "forbidden_host");
        rig.get("//").host(host).send().await.problem(403, "forbidden_host");
    }
    for origin in ["http://localhost:5173", "http://127.0.0.1:8430", "https://[::1]:3000"] {
        let reply = rig.get("/me").header("origin", origin).send().await.expect(StatusCode::OK);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
    }
    for origin in ["null", "https://evil.example", "http://localhost.evil.example", "http://localhost@evil.example", "file://"] {
        rig.get("/me").header("origin", origin).send().await.problem(403, "forbidden_origin");
    }
    for (site, status) in [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)] {
        let reply = rig.get("/me").header("sec-fetch-site", site).send().await;
        assert_eq!(reply.status.as_u16(), status, "{site}");
    }
}

#[tokio::test]
async fn everybody_is_the_local_user() {
    let rig = Rig::open();
    let me = rig.get("/me").token("whatever").send().await.expect(StatusCode::OK);
    assert_eq!(
        (me.json["subject"].clone(), me.json["open"].clone(), me.json["tenantWide"].clone()),
        (json!("local"), json!(true), json!(true))
    );
    rig.get("//metrics").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_form_of_another_page_can_start_nothing() {
    let rig = Rig::open();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let call = rig.call(Method::POST, "/jobs").raw(b"{\"task\":\"review\"}").header("content-type", kind);
        call.send().await.problem(415, "unsupported_media_type");
    }
    rig.call(Method::POST, "/jobs").raw(b"{\"task\":\"review\"}").send().await.problem(415, "unsupported_media_type");
    rig.post("/jobs", json!({"task": "review"}))
        .header("content-type", "application/json")
        .send()
        .await
        .expect(StatusCode::CREATED);
}
