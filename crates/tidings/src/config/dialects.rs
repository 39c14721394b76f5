//! Which older systems' contracts are served: `[dialects]`, a switch for each. All are on unless they are switched off.

use std::fmt;

use dialects::Dialect;

use super::reader::Section;

/// The contracts that are on.
#[derive(Clone)]
pub struct Dialects(Vec<&'static dyn Dialect>);

impl Dialects {
    pub fn served(&self) -> &[&'static dyn Dialect] {
        &self.0
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|dialect| dialect.name()).collect()
    }
}

impl fmt::Debug for Dialects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl PartialEq for Dialects {
    fn eq(&self, other: &Dialects) -> bool {
        self.names() == other.names()
    }
}

pub fn read(section: Section<'_, '_>) -> Dialects {
    let on = dialects::ALL.iter().copied().filter(|dialect| section.flag(dialect.name()).unwrap_or(true)).collect();
    section.finish();
    Dialects(on)
}
