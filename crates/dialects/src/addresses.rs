//! The routes of all dialects that are on, put together: where two share an address and a method, the query says which is meant.
//!
//! `GET` and `DELETE /api/tasks/{…}` are such shared ground: with `?taskId=` they are one system's, without it another's. Where only one of
//! them is on, it is given both.

use crate::dialect::{Dialect, Method, Route, Serves};

/// One route at one address.
#[derive(Clone, Copy)]
pub struct Meant {
    pub dialect: &'static dyn Dialect,
    pub route: &'static Route,
}

/// How an address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Http(Method),
    Socket,
}

/// An address with one way of asking it, and all routes that stand there.
pub struct Address {
    /// Segments that stand for anything are `{1}`, `{2}`, …, so that two documents that name them differently share an address.
    pub path: String,
    pub way: Way,
    meant: Vec<Meant>,
}

impl Address {
    /// The route that a request with these names in its query is for.
    pub fn meant(&self, has: impl Fn(&str) -> bool) -> Option<Meant> {
        let named = self.meant.iter().find(|meant| meant.route.meant_by.is_some_and(&has));
        let other = || self.meant.iter().find(|meant| meant.route.meant_by.is_none());
        named.or_else(other).or_else(|| self.meant.first()).copied()
    }
}

/// Every address of these dialects: under `/dialects/<name>`, and at the paths of their documents.
pub fn addresses(dialects: &[&'static dyn Dialect]) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for dialect in dialects {
        for route in dialect.routes() {
            let meant = Meant { dialect: *dialect, route };
            add(&mut addresses, format!("/dialects/{}{}", dialect.name(), numbered(route.path)), meant);
            if route.at_root {
                add(&mut addresses, numbered(route.path), meant);
            }
        }
    }
    addresses
}

fn add(addresses: &mut Vec<Address>, path: String, meant: Meant) {
    let way = match meant.route.serves {
        Serves::Http(method, _) => Way::Http(method),
        Serves::Socket(_) => Way::Socket,
    };
    match addresses.iter_mut().find(|address| address.path == path && address.way == way) {
        Some(address) => address.meant.push(meant),
        None => addresses.push(Address { path, way, meant: vec![meant] }),
    }
}

/// The path with its parameters numbered.
fn numbered(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| match segment.starts_with('{') {
        true => {
            count += 1;
            format!("{{{count}}}")
        }
        false => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
