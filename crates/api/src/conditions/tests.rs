use super::*;

fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value))).collect()
}

#[test]
fn preferences_are_read_and_capped() {
    for (text, expected) in [
        ("", Preference::None),
        ("respond-async", Preference::Async),
        ("respond-async, wait=10", Preference::Wait(Duration::from_secs(10))),
        ("wait=10, respond-async", Preference::Wait(Duration::from_secs(10))),
        ("wait=9000", Preference::Wait(Duration::from_secs(55))),
        ("wait=soon", Preference::None),
        ("return=minimal", Preference::None),
    ] {
        assert_eq!(Preference::read(&headers(&[(PREFER, text)])), expected, "{text}");
    }
}

#[test]
fn if_match_demands_a_revision_of_this_epoch() {
    for (text, expected) in [("\"k3.7\"", Some(Some(7))), ("\"k3.7.41\"", Some(Some(7))), ("*", Some(None))] {
        assert_eq!(expected_rev(&headers(&[(header::IF_MATCH, text)]), "k3").ok(), expected, "{text}");
    }
    for text in ["\"zz.7\"", "k3.7", "W/\"k3.7\"", "\"k3.x\"", "\"\"", "\"k3.7\", \"k3.8\""] {
        assert!(expected_rev(&headers(&[(header::IF_MATCH, text)]), "k3").is_err(), "{text}");
    }
}

#[test]
fn if_none_match_is_compared_weakly() {
    for (text, expected) in [("\"k3.7\"", true), ("W/\"k3.7\"", true), ("\"a\", \"k3.7\"", true), ("*", true), ("\"k3.8\"", false)]
    {
        assert_eq!(is_known(&headers(&[(header::IF_NONE_MATCH, text)]), "\"k3.7\""), expected, "{text}");
    }
}
