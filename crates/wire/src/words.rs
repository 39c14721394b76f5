//! The words that fields may hold, as the API document names them. Each list is the domain's own: a word that is added there is documented here.
//!
//! A closed list is an `enum`. A list that may grow stays a `string` with `x-extensible-enum`: whoever reads it takes a word that it does not
//! know as well. These types hold nothing; fields name them as their `value_type`.

use domain::job::WishKind;
use domain::policy::{Mode, Pause, Rescue};
use domain::request::Ask;
use domain::{EventKind, Status};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Verbs that are no [`Ask`]: they make another job, bring a value, or take the job away.
const OTHER_VERBS: [&str; 3] = ["rerun", "answer", "delete"];

macro_rules! words {
    ($($(#[doc = $about:literal])+ $name:ident as $shown:literal = $make:ident($words:expr);)+) => { $(
        $(#[doc = $about])+
        pub struct $name;

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $shown.into()
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $make([$($about),+].map(str::trim).join(" "), $words.collect()).into()
            }
        }
    )+ };
}

words! {
    /// Where a job stands. Treat a word you do not know as active, and show it.
    StatusWord as "Status" = open(Status::ALL.iter().map(|status| status.as_str()));
    /// Who does the work.
    ModeWord as "Mode" = closed(Mode::ALL.iter().map(|mode| mode.as_str()));
    /// How a running attempt is paused.
    PauseWord as "Pause" = closed(Pause::ALL.iter().map(|pause| pause.as_str()));
    /// What becomes of a job when its holder vanishes.
    RescueWord as "Rescue" = closed(Rescue::ALL.iter().map(|rescue| rescue.as_str()));
    /// What somebody asked of an attempt.
    WishWord as "WishKind" = closed(WishKind::ALL.iter().map(|kind| kind.as_str()));
    /// What somebody asked: a wish that is one.
    AskedWord as "AskedKind" = closed(WishKind::ALL.iter().filter(|kind| **kind != WishKind::None).map(|kind| kind.as_str()));
    /// What may be asked of a job.
    VerbWord as "Verb" = closed(Ask::ALL.iter().map(|ask| ask.as_str()).chain(OTHER_VERBS));
    /// What may be asked of many jobs at once.
    ActionWord as "ActionVerb" = closed(Ask::ALL.iter().map(|ask| ask.as_str()).chain(["delete"]));
    /// What happened to a job. Apply the job of a kind you do not know all the same.
    EventWord as "EventKind" = open(EventKind::ALL.iter().map(|kind| kind.as_str()));
    /// Why a subscription began with a snapshot.
    ResetWord as "ResetReason" = open(["fresh", "epoch", "expired", "overflow"].into_iter());
    /// The only mode that a submit may name.
    SubmitMode as "SubmitMode" = closed([Mode::Tracked.as_str()].into_iter());
    /// How a tracked job whose task is not declared can be paused.
    SubmitPause as "SubmitPause" = closed([Pause::Cooperative.as_str(), Pause::None.as_str()].into_iter());
    /// The only kind of `left` that is told.
    DeletedWord as "DeletedKind" = closed([EventKind::Deleted.as_str()].into_iter());
}

fn closed(about: String, words: Vec<&'static str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words)).into()
}

fn open(about: String, words: Vec<&'static str>) -> Schema {
    let known = ExtensionsBuilder::new().add("x-extensible-enum", words).build();
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).extensions(Some(known)).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn listed<T: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(T::schema()).expect("JSON");
        let words = schema.get("enum").or_else(|| schema.get("x-extensible-enum")).expect("words");
        serde_json::from_value(words.clone()).expect("texts")
    }

    #[test]
    fn a_list_that_may_grow_is_a_text_and_a_closed_one_an_enum() {
        let status = serde_json::to_value(StatusWord::schema()).expect("JSON");
        assert_eq!((&status["type"], status.get("enum")), (&"string".into(), None));
        assert_eq!(listed::<StatusWord>().len(), 11);
        assert_eq!(listed::<AskedWord>(), ["abort", "kill", "pause", "resume"].map(str::to_owned).into());
    }

    /// The domain tells verbs as words; those that it can tell stand in its one list of them.
    #[test]
    fn every_verb_that_a_job_can_be_asked_is_listed() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/decide/ask.rs");
        let source = std::fs::read_to_string(source).expect("the file of the verbs");
        let pushed: BTreeSet<String> = source
            .split("verbs.push(\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(verb, _)| verb.to_owned())
            .collect();
        assert_eq!(pushed, listed::<VerbWord>());
    }
}
