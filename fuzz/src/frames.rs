//! Frames of both sides, as bytes of one message.

use wire::frame::{ClientFrame, ServerFrame};

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "frames",
    check,
    words: &[
        "\"type\":\"auth\"",
        "\"type\":\"subscribe\"",
        "\"type\":\"unsubscribe\"",
        "\"type\":\"ping\"",
        "\"token\":",
        "\"topic\":",
        "\"after\":",
        "\"id\":1",
        "\"type\":\"live\"",
        "\"type\":\"update\"",
        "\"type\":\"snapshot\"",
        "\"type\":\"progress\"",
        "\"type\":\"output\"",
        "\"position\":",
        "\"subs\":[1]",
        "\"rev\":7",
        "\"tick\":1",
        "\"percentage\":33.3",
        "{\"owner\":\"me\"}",
        "{\"subject\":{\"type\":\"a\",\"id\":\"b\"}}",
        "null",
        "1e999",
        "18446744073709551616",
    ],
};

fn check(input: &[u8]) {
    if let Ok(frame) = ClientFrame::read(input) {
        let shown = serde_json::to_string(&frame).expect("what was read can be written");
        let again = ClientFrame::read(shown.as_bytes()).expect("what was written can be read");
        match (&frame, &again) {
            (ClientFrame::Subscribe { id, topic, after }, ClientFrame::Subscribe { id: id2, topic: topic2, after: after2 }) => {
                assert_eq!((id, after), (id2, after2));
                let (meant, again) = (wire::convert::topic_in(topic), wire::convert::topic_in(topic2));
                assert_eq!(meant, again);
                if let Ok(topic) = meant {
                    assert_eq!(
                        wire::convert::topic_in(&wire::convert::topic_out(&topic)),
                        Ok(topic),
                        "a topic is read as it is shown"
                    );
                }
            }
            _ => assert_eq!(frame, again),
        }
    }
    if let Ok(frame) = serde_json::from_slice::<ServerFrame>(input) {
        let shown = frame.to_json();
        let again: ServerFrame = serde_json::from_str(&shown).expect("what was written can be read");
        assert_eq!(shown, again.to_json(), "a frame means the same after it was read once more");
    }
}
