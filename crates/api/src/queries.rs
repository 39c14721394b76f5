//! Query strings: each key is known or refused by name. They are never logged.

use domain::Timestamp;
use http::Uri;

use crate::problems::ApiProblem;

/// The pairs of a query, taken out one name at a time.
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub fn of(uri: &Uri) -> Result<Pairs, ApiProblem> {
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let pairs = query.map_err(|_| ApiProblem::invalid("query", "cannot be read: percent-encode it as UTF-8"))?;
        Ok(Pairs(pairs.0))
    }

    /// All values of a name, in order.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, rest) = std::mem::take(&mut self.0).into_iter().partition(|(key, _)| key == name);
        self.0 = rest;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The one value of a name; an empty one counts as left out.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, ApiProblem> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop().filter(|value| !value.is_empty())),
            _ => Err(ApiProblem::invalid(name, "may be given once")),
        }
    }

    /// A text within the bounds of a name.
    pub fn name(&mut self, name: &str) -> Result<Option<domain::Text>, ApiProblem> {
        let most = domain::limits::NAME_BYTES;
        match self.one(name)? {
            Some(text) if text.len() > most => {
                Err(ApiProblem::invalid(name, format!("has {} bytes, at most {most} are allowed", text.len())).limit(most as u64))
            }
            text => Ok(text.map(domain::Text::from)),
        }
    }

    pub fn number(&mut self, name: &str) -> Result<Option<u64>, ApiProblem> {
        let text = self.one(name)?;
        text.map(|text| text.parse().map_err(|_| ApiProblem::invalid(name, "must be a whole number of zero or more"))).transpose()
    }

    pub fn time(&mut self, name: &str) -> Result<Option<Timestamp>, ApiProblem> {
        let text = self.one(name)?;
        let read = |text: String| {
            wire::time::parse(&text)
                .ok_or_else(|| ApiProblem::invalid(name, "must be a time of RFC 3339, for example 2026-01-31T09:00:00Z"))
        };
        text.map(read).transpose()
    }

    /// Refuses what nobody took.
    pub fn finish(self, known: &[&str]) -> Result<(), ApiProblem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name = domain::limits::cut(name, 80);
                Err(ApiProblem::invalid(&name, format!("is not known here; known are {}", known.join(", "))))
            }
        }
    }
}
