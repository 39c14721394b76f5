//! The API's own description.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use crate::rig::Rig;

#[tokio::test]
async fn the_document_is_served_and_its_operations_have_names_of_their_own() {
    let rig = Rig::open();
    let document = rig.get("//openapi.json").send().await.expect(StatusCode::OK).json;
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} stands twice");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [serde_json::to_value(api::openapi()).expect("JSON"), api::asyncapi()] {
        check(&document, &document);
    }
}

fn check(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').expect("a local reference");
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|part| check(document, part));
        }
        Value::Array(parts) => parts.iter().for_each(|part| check(document, part)),
        _ => {}
    }
}

#[test]
fn the_live_document_has_every_frame_with_fields_as_they_are_sent() {
    let document = api::asyncapi();
    let messages = document["components"]["messages"].as_object().expect("messages");
    for name in ["client.auth", "client.subscribe", "server.hello", "server.update", "server.goingAway", "server.tasks"] {
        assert!(messages.contains_key(name), "{name}");
    }
    assert!(messages["server.hello"]["payload"]["properties"]["heartbeatMs"].is_object());
    assert!(messages["server.goingAway"]["payload"]["properties"]["retryInMs"].is_object());
    assert!(messages["server.authenticated"]["payload"]["properties"]["expiresAt"].is_object());
}
