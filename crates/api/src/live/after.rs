//! Where a stream or a poll goes on, topic by topic: `after`, `outputAfter` and `Last-Event-ID`.

use domain::Topic;
use wire::Position;

use crate::problems::ApiProblem;
use crate::queries::Pairs;

/// Where each topic goes on.
pub struct After {
    /// In the order of the topics; `None` is from nothing, with a snapshot.
    topics: Vec<Option<String>>,
    /// Given once, for all that have a place in the log.
    common: Option<String>,
}

impl After {
    /// Takes `after` and `outputAfter` out of a query. `after` given once counts for all topics that have a place in the log; given as often as there
    /// are topics, for them in order. `last_event_id` wins over it for all topics that have a place in the log.
    pub fn take(pairs: &mut Pairs, topics: &[Topic], last_event_id: Option<&str>) -> Result<After, ApiProblem> {
        let given = pairs.all("after");
        let output = pairs.one("outputAfter")?;
        // For the only topic, both readings are the same but for output: a position is none of output's business, and no cursor is a position.
        let is_common = given.len() == 1 && (topics.len() > 1 || Position::parse(&given[0]).is_some());
        if given.len() > 1 && given.len() != topics.len() {
            let problem = format!(
                "is given {} times for {} topics; give it once for all of them, or once for each in order, empty for one that begins anew",
                given.len(),
                topics.len()
            );
            return Err(ApiProblem::invalid("after", problem));
        }
        let of = |(index, topic): (usize, &Topic)| {
            let own = if is_common { given.first() } else { given.get(index) };
            let own = own.map(String::as_str).filter(|after| !after.is_empty());
            let after = match topic {
                Topic::Output(_) => own.filter(|_| !is_common).or(output.as_deref()),
                _ => last_event_id.or(own),
            };
            after.map(str::to_owned)
        };
        let topics = topics.iter().enumerate().map(of).collect();
        Ok(After { topics, common: given.into_iter().next().filter(|_| is_common) })
    }

    pub fn of_topics(&self) -> impl Iterator<Item = Option<&str>> {
        self.topics.iter().map(Option::as_deref)
    }

    /// The place in the log before which no topic has anything left to be told; `None` when one begins anew, or of another log.
    pub fn oldest(&self, topics: &[Topic]) -> Option<String> {
        let in_log = topics.iter().zip(self.of_topics()).filter(|(topic, _)| !matches!(topic, Topic::Output(_)));
        let positions: Vec<Position> = in_log.map(|(_, after)| after.and_then(Position::parse)).collect::<Option<_>>()?;
        let Some(oldest) = positions.iter().min_by_key(|position| position.place) else { return self.common.clone() };
        positions.iter().all(|position| position.epoch == oldest.epoch).then(|| oldest.to_string())
    }
}

#[cfg(test)]
mod tests {
    use domain::JobId;

    use super::*;

    fn taken(query: &str, topics: &str, last_event_id: Option<&str>) -> Result<(Vec<String>, Option<String>), String> {
        let topics: Vec<Topic> = topics
            .split(' ')
            .map(|topic| match topic {
                "output" => Topic::Output(JobId(1)),
                "stats" => Topic::Stats,
                _ => Topic::Tenant,
            })
            .collect();
        let uri = format!("/live/poll?{query}").parse().expect("a URI");
        let mut pairs = Pairs::of(&uri).map_err(|problem| problem.problem().detail.clone())?;
        let after = After::take(&mut pairs, &topics, last_event_id).map_err(|problem| problem.problem().detail.clone())?;
        pairs.finish(&[]).expect("nothing is left");
        let shown = after.of_topics().map(|after| after.unwrap_or("-").to_owned()).collect();
        Ok((shown, after.oldest(&topics)))
    }

    #[test]
    fn one_counts_for_all_and_several_in_order() {
        for (query, topics, last_event_id, expected, oldest) in [
            ("", "tenant output", None, "- -", None),
            ("after=", "tenant", None, "-", None),
            ("after=k3-7", "tenant", None, "k3-7", Some("k3-7")),
            ("after=k3-7", "tenant stats output", None, "k3-7 k3-7 -", Some("k3-7")),
            ("after=k3-7&outputAfter=1:4", "tenant output", None, "k3-7 1:4", Some("k3-7")),
            ("after=k3-7&after=k3-5", "tenant stats", None, "k3-7 k3-5", Some("k3-5")),
            ("after=k3-7&after=", "tenant stats", None, "k3-7 -", None),
            ("after=k3-7&after=k4-5", "tenant stats", None, "k3-7 k4-5", None),
            ("after=k3-7&after=2:9", "tenant output", None, "k3-7 2:9", Some("k3-7")),
            ("after=k3-7&after=&outputAfter=1:4", "tenant output", None, "k3-7 1:4", Some("k3-7")),
            ("after=2:9&after=1:4&outputAfter=1:5", "output output", None, "2:9 1:4", None),
            ("after=2:9", "output", None, "2:9", None),
            ("after=k3-7", "output", None, "-", Some("k3-7")),
            ("after=k3-7&outputAfter=1:4", "output", None, "1:4", Some("k3-7")),
            ("after=k3-7&after=&after=1:4", "tenant tenant output", Some("k3-9"), "k3-9 k3-9 1:4", Some("k3-9")),
            ("after=gone", "tenant stats", None, "gone gone", None),
        ] {
            let expected = (expected.split(' ').map(str::to_owned).collect(), oldest.map(str::to_owned));
            assert_eq!(taken(query, topics, last_event_id), Ok(expected), "{query} {topics}");
        }
    }

    #[test]
    fn another_number_is_refused() {
        for (query, topics) in
            [("after=a-1&after=a-1", "tenant stats stats"), ("after=&after=&after=", "tenant stats"), ("after=&after=", "tenant")]
        {
            let refusal = taken(query, topics, None).expect_err(query);
            assert!(refusal.contains("give it once for all of them, or once for each in order"), "{refusal}");
        }
    }
}
