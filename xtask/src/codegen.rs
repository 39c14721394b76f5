//! Files that are derived from the code, and whether they are fresh.
//!
//! Each generator names its file and makes its whole text; to add one, add a line to [`GENERATORS`].

use std::fs;
use std::path::Path;

mod job_record;
mod printed;
mod statuses;
mod types;

struct Generator {
    /// From the workspace's folder.
    path: &'static str,
    /// The whole file, or why it cannot be made. Gets the workspace's folder.
    make: fn(&Path) -> Result<String, String>,
}

const GENERATORS: &[Generator] = &[
    Generator { path: "docs/reference/statuses.md", make: statuses::page },
    Generator { path: "docs/reference/openapi.json", make: printed::openapi },
    Generator { path: "docs/reference/asyncapi.json", make: printed::asyncapi },
    // From the two documents above, as they stand on disk by now.
    Generator { path: "packages/client/src/generated/openapi.ts", make: types::openapi },
    Generator { path: "packages/client/src/generated/asyncapi.ts", make: types::asyncapi },
    Generator { path: "docs/reference/job.md", make: job_record::page },
    Generator { path: "docs/reference/configuration.md", make: printed::configuration },
    Generator { path: "docs/reference/exit-codes.md", make: printed::exit_codes },
];

/// Writes what is stale; true when all could be made.
pub(crate) fn write(root: &Path) -> bool {
    each(root, |path, text| {
        let full = root.join(path);
        let folder = full.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&full, text)).map_err(|error| format!("{path}: {error}"))?;
        println!("wrote {path}");
        Ok(())
    })
}

/// Names what is stale; true when nothing is.
pub(crate) fn check(root: &Path) -> bool {
    each(root, |path, _| Err(format!("{path} is stale; run `cargo xtask codegen` and commit what it writes")))
}

/// Gives each stale file to `act`, and prints what went wrong.
fn each(root: &Path, act: impl Fn(&str, &str) -> Result<(), String>) -> bool {
    let mut is_good = true;
    for generator in GENERATORS {
        let acted = (generator.make)(root).and_then(|text| match fs::read_to_string(root.join(generator.path)) {
            Ok(present) if present == text => Ok(()),
            _ => act(generator.path, &text),
        });
        if let Err(problem) = acted {
            eprintln!("{problem}");
            is_good = false;
        }
    }
    is_good
}
