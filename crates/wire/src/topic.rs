//! A topic as the API document shows it. What is sent is read by [`crate::convert::topic_in`]; this type holds nothing.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::record::Subject;

/// What a watcher follows: an object with one key.
#[derive(ToSchema)]
#[schema(as = Topic, rename_all = "camelCase")]
pub enum TopicShape {
    /// This job.
    Job(String),
    /// The jobs of this user; `me` is the caller.
    Owner(String),
    /// The jobs that were started from this session.
    Session(String),
    /// The jobs that are about this.
    Subject(Subject),
    /// The jobs that run this task.
    Task(String),
    /// The jobs that carry this tag now.
    Tag(String),
    /// The jobs that were submitted in this batch.
    Batch(String),
    /// This job and all that descend from it.
    Root(String),
    /// All jobs that the caller may see in its tenant.
    Tenant(Yes),
    /// Counts of what the caller may see; no jobs.
    Stats(Yes),
    /// The output of this job; no jobs.
    Output(String),
    /// The tasks that can be started; no jobs.
    Tasks(Yes),
}

/// `true`, and nothing else.
pub struct Yes;

impl ToSchema for Yes {}

impl PartialSchema for Yes {
    fn schema() -> RefOr<Schema> {
        Schema::from(ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]))).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Each key that is documented is read, and no other is.
    #[test]
    fn the_shape_is_what_is_read() {
        let shape = serde_json::to_value(TopicShape::schema()).expect("JSON");
        let keys: Vec<&str> =
            shape["oneOf"].as_array().expect("shapes").iter().map(|one| one["required"][0].as_str().expect("a key")).collect();
        for key in &keys {
            let values = [json!(true), json!("job_01jd9v3k5efx4b8n6w2q7r0mzt"), json!({"type": "document", "id": "7"})];
            let read = values.iter().filter(|value| crate::convert::topic_in(&json!({*key: value})).is_ok()).count();
            assert_eq!(read, 1, "{key}");
        }
        let refusal = crate::convert::topic_in(&Value::Null).expect_err("no topic");
        let (_, named) = refusal.split_once(": ").expect("the keys");
        assert_eq!(named.replace(" or ", ", ").split(", ").count(), keys.len(), "{named}");
    }
}
