//! What a list asks for, as query parameters.

use wire::record::Subject;

/// A filter over jobs, newest first; all that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Empty is every status.
    pub status: Vec<String>,
    pub task: Option<String>,
    pub owner: Option<String>,
    pub session: Option<String>,
    pub subject: Option<Subject>,
    pub tag: Option<String>,
    pub batch: Option<String>,
    pub root: Option<String>,
    pub external_id: Option<String>,
    /// RFC 3339.
    pub created_after: Option<String>,
    pub created_before: Option<String>,
    /// Found in title, task, tags or the id's beginning.
    pub text: Option<String>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// 1 to 200; 50 unless told.
    pub limit: Option<u32>,
}

impl ListQuery {
    /// The parameters of `GET /jobs`.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.status.is_empty() {
            pairs.push(("status", self.status.join(",")));
        }
        if let Some(subject) = &self.subject {
            pairs.push(("subjectType", subject.kind.to_string()));
            pairs.push(("subjectId", subject.id.to_string()));
        }
        let texts = [
            ("task", &self.task),
            ("owner", &self.owner),
            ("session", &self.session),
            ("tag", &self.tag),
            ("batch", &self.batch),
            ("root", &self.root),
            ("externalId", &self.external_id),
            ("createdAfter", &self.created_after),
            ("createdBefore", &self.created_before),
            ("text", &self.text),
            ("cursor", &self.cursor),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                pairs.push((name, value.clone()));
            }
        }
        if let Some(limit) = self.limit {
            pairs.push(("limit", limit.to_string()));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_asked() {
        assert!(ListQuery::default().pairs().is_empty());
        let query = ListQuery {
            status: vec!["running".into(), "pending".into()],
            subject: Some(Subject { kind: "document".into(), id: "7".into() }),
            limit: Some(5),
            ..ListQuery::default()
        };
        let text: Vec<String> = query.pairs().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text, ["status=running,pending", "subjectType=document", "subjectId=7", "limit=5"]);
    }
}
