//! Reads bodies and queries of system 4, and tells what is wrong with them as FastAPI does: 422 with a list, one entry for each field. What is
//! `null` counts as left out; fields that are not known are passed over.

use std::collections::BTreeMap;

use domain::{JobId, Status, limits};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::words::{DELETED, UNDERSTOOD, one_of, understood};
use crate::dialect::{Answer, Request};

/// Characters of a cron expression, and of a skill's name.
const CRON_CHARACTERS: usize = 100;
const SKILL_CHARACTERS: usize = 255;

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    loc: Vec<String>,
    msg: String,
    r#type: &'static str,
}

impl Detail {
    pub(super) fn new(place: &str, field: &str, msg: impl Into<String>, r#type: &'static str) -> Detail {
        let loc = [place, field].into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Detail { loc, msg: msg.into(), r#type }
    }
}

#[derive(Serialize)]
struct Details<'a> {
    detail: &'a [Detail],
}

/// 422, with all that is wrong.
pub(super) fn unprocessable(details: &[Detail]) -> Answer {
    Answer::json(422, &Details { detail: details })
}

/// The fields of a body, or of a query, and what is wrong with those that were looked at.
pub(super) struct Fields {
    place: &'static str,
    fields: BTreeMap<String, Box<RawValue>>,
    wrong: Vec<Detail>,
}

impl Fields {
    pub(super) fn of_body(body: &[u8]) -> Result<Fields, Answer> {
        match serde_json::from_slice(body) {
            Ok(fields) => Ok(Fields { place: "body", fields, wrong: Vec::new() }),
            Err(_) => Err(unprocessable(&[Detail::new("body", "", "The body must be a JSON object", "json_invalid")])),
        }
    }

    pub(super) fn of_query(request: &Request<'_>) -> Fields {
        let named = request.query.iter().rev().filter(|(_, value)| !value.is_empty());
        let fields = named.filter_map(|(name, value)| Some((name.clone(), wire::record::raw(&wire::convert::to_json(value))?)));
        Fields { place: "query", fields: fields.collect(), wrong: Vec::new() }
    }

    fn complain(&mut self, field: &str, msg: impl Into<String>, r#type: &'static str) {
        self.wrong.push(Detail::new(self.place, field, msg, r#type));
    }

    fn take(&mut self, field: &str) -> Option<Box<RawValue>> {
        self.fields.remove(field).filter(|value| value.get() != "null")
    }

    /// What was read, if nothing is wrong.
    pub(super) fn or_wrong<T>(self, read: T) -> Result<T, Answer> {
        if self.wrong.is_empty() { Ok(read) } else { Err(unprocessable(&self.wrong)) }
    }

    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        let text = serde_json::from_str(self.take(field)?.get());
        if text.is_err() {
            self.complain(field, "Input should be a valid string", "string_type");
        }
        text.ok()
    }

    /// A name, or a number that stands for one.
    pub(super) fn name(&mut self, field: &str, most: usize) -> Option<String> {
        let name = match serde_json::from_str(self.take(field)?.get()) {
            Ok(Value::String(name)) => name,
            Ok(Value::Number(number)) if !number.is_f64() => number.to_string(),
            _ => {
                self.complain(field, "Input should be a valid string or integer", "string_type");
                return None;
            }
        };
        if name.len() > most || name.chars().any(char::is_control) {
            self.complain(field, format!("Text should have at most {most} bytes and no control characters"), "string_too_long");
            return None;
        }
        Some(name)
    }

    /// A name that the app gives a task: not one that has the form of our ids.
    pub(super) fn own_name(&mut self, field: &str) -> Option<String> {
        let name = self.name(field, limits::NAME_BYTES).filter(|name| !name.is_empty())?;
        if JobId::parse(&name).is_some() {
            self.complain(
                field,
                "Text should not have the form of an id of this server: leave it out, and it is given one",
                "value_error",
            );
            return None;
        }
        Some(name)
    }

    /// Whose task it is to be: `user_id`, or `owner` where that is not said.
    pub(super) fn owner(&mut self) -> Option<String> {
        let [user, owner] = ["user_id", "owner"].map(|field| self.name(field, limits::NAME_BYTES).filter(|name| !name.is_empty()));
        user.or(owner)
    }

    pub(super) fn needs(&mut self, field: &str, found: Option<String>) -> String {
        if found.as_ref().is_none_or(String::is_empty)
            && !self.wrong.iter().any(|detail| detail.loc.last().is_some_and(|at| at == field))
        {
            self.complain(field, "Field required", "missing");
        }
        found.unwrap_or_default()
    }

    pub(super) fn skill(&mut self) -> Option<String> {
        let skill = self.text("skill_name")?;
        if skill.chars().count() > SKILL_CHARACTERS || skill.len() > limits::NAME_BYTES || skill.chars().any(char::is_control) {
            let msg = format!("Text should have at most {} bytes and no control characters", limits::NAME_BYTES);
            self.complain("skill_name", msg, "string_too_long");
            return None;
        }
        Some(skill)
    }

    pub(super) fn cron(&mut self) -> Option<String> {
        let cron = self.text("schedule_cron")?;
        if cron.chars().count() > CRON_CHARACTERS {
            self.complain("schedule_cron", format!("String should have at most {CRON_CHARACTERS} characters"), "string_too_long");
        }
        Some(cron)
    }

    /// Any JSON that is not too deep to be read again.
    pub(super) fn json(&mut self, field: &str) -> Option<Box<RawValue>> {
        let json = self.take(field)?;
        if serde_json::from_str::<Value>(json.get()).is_err() {
            self.complain(field, "Input should be JSON that is at most 127 levels deep, with numbers in range", "json_invalid");
            return None;
        }
        Some(json)
    }

    pub(super) fn object(&mut self, field: &str) -> Option<Box<RawValue>> {
        let object = self.json(field)?;
        if !object.get().starts_with('{') {
            self.complain(field, "Input should be a valid dictionary", "dict_type");
            return None;
        }
        Some(object)
    }

    pub(super) fn status(&mut self) -> Option<Said> {
        let word = self.text("status")?;
        let status = understood(&word).filter(|_| word != DELETED);
        if status.is_none() {
            let instead = if word == DELETED { ". DELETE /api/tasks/{task_id} deletes a task" } else { "" };
            self.complain("status", format!("Input should be {UNDERSTOOD}{instead}"), "literal_error");
        }
        Some(Said { status: status?, word })
    }

    /// A whole number, in the query or the body.
    pub(super) fn whole(&mut self, field: &str, least: u64, most: u64) -> Option<u64> {
        let said = self.take(field)?;
        let number = said.get().trim_matches('"').parse::<i128>().ok();
        match number.and_then(|number| u64::try_from(number).ok()).filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number),
            None => {
                let (msg, kind) = match number {
                    None => ("Input should be a valid integer".to_owned(), "int_parsing"),
                    Some(number) if number < i128::from(least) => {
                        (format!("Input should be greater than or equal to {least}"), "greater_than_equal")
                    }
                    Some(_) => (format!("Input should be less than or equal to {most}"), "less_than_equal"),
                };
                self.complain(field, msg, kind);
                None
            }
        }
    }

    /// One of these words; the first is meant when it is left out. An empty word cannot be said.
    pub(super) fn one_of<T: Copy>(&mut self, field: &str, words: &[(&str, T)]) -> Option<T> {
        let Some(said) = self.text(field) else { return words.first().map(|(_, meant)| *meant) };
        let meant = words.iter().find(|(word, _)| *word == said).map(|(_, meant)| *meant);
        if meant.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).filter(|word| !word.is_empty()).collect();
            self.complain(field, format!("Input should be {}", one_of(&known)), "literal_error");
        }
        meant
    }
}

/// A status, and the word that was said for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub status: Status,
    pub word: String,
}
