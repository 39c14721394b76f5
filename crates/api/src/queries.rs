//! Query strings: each key is known or refused by name. They are never logged.

use domain::Timestamp;
use http::Uri;

use crate::problems::ApiProblem;

/// The pairs of a query, taken out one name at a time.
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads a query as forms are sent (URL standard, section 5.1), but takes no bytes that are not UTF-8: whoever looks for a text
    /// that cannot be is told so, instead of being shown what another text finds.
    pub fn of(uri: &Uri) -> Result<Pairs, ApiProblem> {
        let mut pairs = Vec::new();
        for part in uri.query().unwrap_or("").split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let not_text = |field: &str| ApiProblem::invalid(field, "is not UTF-8 when its percent-encoding is taken off");
            let name = decoded(name).ok_or_else(|| not_text("query"))?;
            let value = decoded(value).ok_or_else(|| not_text(&domain::limits::cut(&name, 80)))?;
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
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
        let number = |text: String| text.parse().ok().filter(|number| *number <= i64::MAX as u64);
        let bad = || ApiProblem::invalid(name, format!("must be a whole number from 0 to {}", i64::MAX));
        text.map(|text| number(text).ok_or_else(bad)).transpose()
    }

    pub fn time(&mut self, name: &str) -> Result<Option<Timestamp>, ApiProblem> {
        let text = self.one(name)?;
        let read = |text: String| {
            wire::time::parse(&text)
                .ok_or_else(|| ApiProblem::invalid(name, "must be a time of RFC 3339, for example 2026-01-31T09:00:00Z"))
        };
        text.map(read).transpose()
    }

    /// All that were not taken, in order.
    pub fn into_all(self) -> Vec<(String, String)> {
        self.0
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

/// Takes off percent-encoding; a `%` without two hex digits stands for itself. `None` when what comes out is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => (*high as char).to_digit(16).zip((*low as char).to_digit(16)),
            _ => None,
        };
        match (escaped, first) {
            (Some((high, low)), _) => bytes.push((high * 16 + low) as u8),
            (None, b'+') => bytes.push(b' '),
            (None, byte) => bytes.push(*byte),
        }
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once_and_is_text() {
        for (query, value) in [
            ("text=a+b%20c", Some("a b c")),
            ("text=%C3%A4%2B", Some("ä+")),
            ("text=100%", Some("100%")),
            ("text=%zz%4", Some("%zz%4")),
            ("text=%2541", Some("%41")),
            ("text=a=b", Some("a=b")),
            ("&&text=x&", Some("x")),
            ("te%78t=x", Some("x")),
            ("text=%ff", None),
            ("text=%C3", None),
            ("%ff=x", None),
        ] {
            let uri: Uri = format!("/jobs?{query}").parse().expect("a URI");
            let read = Pairs::of(&uri).and_then(|mut pairs| pairs.one("text"));
            assert_eq!(read.ok().flatten().as_deref(), value, "{query}");
        }
    }
}
