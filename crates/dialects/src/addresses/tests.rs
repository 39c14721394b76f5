use wire::problem::Problem;

use super::*;
use crate::dialect::{Answer, Request, Step};

fn nothing(_: &Request<'_>) -> Step {
    Answer { status: 204, body: String::new() }.into()
}

struct By(&'static str, &'static [Route]);

impl Dialect for By {
    fn name(&self) -> &'static str {
        self.0
    }

    fn routes(&self) -> &'static [Route] {
        self.1
    }

    fn refuse(&self, _: &Problem) -> Answer {
        Answer { status: 400, body: String::new() }
    }
}

const BY_QUERY: By = By(
    "by_query",
    &[
        Route::http(Method::Get, "/api/tasks/{taskType}", nothing).meant_by("taskId"),
        Route::http(Method::Post, "/api/tasks/{taskType}", nothing),
    ],
);
const BY_ID: By = By(
    "by_id",
    &[
        Route::http(Method::Get, "/api/tasks/{id}", nothing),
        Route::http(Method::Put, "/api/tasks/{id}", nothing),
        Route::http(Method::Get, "/api/v1/tasks/{id}/runs/{run}", nothing).under_its_name_only(),
    ],
);

fn meant(dialects: &[&'static dyn Dialect], path: &str, way: Way, query: &str) -> Option<&'static str> {
    let addresses = addresses(dialects);
    let address = addresses.iter().find(|address| address.path == path && address.way == way)?;
    address.meant(|name| name == query).map(|meant| meant.dialect.name())
}

#[test]
fn a_shared_address_is_divided_by_the_query() {
    let both: [&[&'static dyn Dialect]; 2] = [&[&BY_QUERY, &BY_ID], &[&BY_ID, &BY_QUERY]];
    let (get, post, put) = (Way::Http(Method::Get), Way::Http(Method::Post), Way::Http(Method::Put));
    for dialects in both {
        for (path, way, query, name) in [
            ("/api/tasks/{1}", get, "taskId", Some("by_query")),
            ("/api/tasks/{1}", get, "", Some("by_id")),
            ("/api/tasks/{1}", post, "", Some("by_query")),
            ("/api/tasks/{1}", put, "taskId", Some("by_id")),
            ("/dialects/by_id/api/tasks/{1}", get, "taskId", Some("by_id")),
            ("/dialects/by_query/api/tasks/{1}", get, "", Some("by_query")),
            ("/dialects/by_query/api/tasks/{1}", put, "", None),
            ("/api/v1/tasks/{1}/runs/{2}", get, "", None),
            ("/dialects/by_id/api/v1/tasks/{1}/runs/{2}", get, "", Some("by_id")),
        ] {
            assert_eq!(meant(dialects, path, way, query), name, "{path} {way:?} {query}");
        }
    }
    let alone: &[&'static dyn Dialect] = &[&BY_QUERY];
    assert_eq!(meant(alone, "/api/tasks/{1}", get, ""), Some("by_query"), "who is alone says what is missing");
}

/// What is one system's alone stands nowhere else: no two dialects claim the same request.
#[test]
fn no_request_is_claimed_twice() {
    for address in addresses(crate::ALL) {
        let mut claims: Vec<_> = address.meant.iter().map(|meant| meant.route.meant_by).collect();
        let count = claims.len();
        claims.sort();
        claims.dedup();
        assert_eq!(claims.len(), count, "{} {:?}", address.path, address.way);
    }
}
