//! Finds or builds the dashboard and copies it to `$OUT_DIR/ui`, from where `src/lib.rs` embeds it. In this order:
//!
//! 1. `UI_DIST=folder`: that folder, built elsewhere;
//! 2. no `packages/` beside the crates: the `dist/` that a published crate brings along;
//! 3. `packages/dashboard/dist`, when its stamp says that it was made from the inputs as they are;
//! 4. `npm ci` (only when the lock file changed) and `npm run build`;
//! 5. a page that says what to install.
//!
//! `UI=always` makes the fifth an error, `UI=never` goes there at once. It refuses to run the scripts of npm packages.

#[path = "build/fingerprint.rs"]
mod fingerprint;
#[path = "build/folder.rs"]
mod folder;
#[path = "build/node.rs"]
mod node;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What the dashboard is made from, below the root of the repository.
const INPUTS: &[&str] = &[
    ".npmrc",
    "package.json",
    "package-lock.json",
    "packages/client/package.json",
    "packages/client/src",
    "packages/dashboard/index.html",
    "packages/dashboard/package.json",
    "packages/dashboard/public",
    "packages/dashboard/src",
    "packages/dashboard/vite.config.ts",
];

fn main() {
    for name in ["UI", "UI_DIST"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let embedded = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("ui");
    let wish = env::var("UI").unwrap_or_default();

    if let Some(given) = env::var_os("UI_DIST").map(PathBuf::from) {
        println!("cargo:rerun-if-changed={}", given.display());
        assert!(given.join("index.html").is_file(), "UI_DIST: there is no index.html in {}", given.display());
        folder::replace(&given, &embedded).expect("copy UI_DIST");
        return;
    }
    let outcome = if wish == "never" { Err(Missing::NotWanted) } else { dashboard(&here, &embedded) };
    if let Err(missing) = outcome {
        let reason = missing.to_string();
        assert!(wish != "always", "UI=always, but there is no dashboard: {reason}");
        if !matches!(missing, Missing::NotWanted) {
            println!("cargo:warning=the dashboard is not in this build: {reason}");
            // A file that never exists: tried again at each build, so that an installed Node or a mended network is found.
            println!("cargo:rerun-if-changed={}", embedded.join("try-again").display());
        }
        placeholder(&embedded, &reason);
    }
}

/// Why there is no dashboard.
enum Missing {
    NotWanted,
    NoNode,
    Failed(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Missing::NotWanted => out.write_str("it was built with UI=never."),
            Missing::NoNode => out.write_str("npm was not found. Install Node.js 20.19 or newer and build again."),
            Missing::Failed(what) => out.write_str(what),
        }
    }
}

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Missing {
    move |error| Missing::Failed(format!("{what}: {error}."))
}

fn dashboard(here: &Path, embedded: &Path) -> Result<(), Missing> {
    let root = here.join("../..");
    let package = root.join("packages/dashboard");
    if !package.join("package.json").is_file() {
        let brought = here.join("dist");
        if !brought.join("index.html").is_file() {
            return Err(Missing::Failed("neither packages/dashboard nor a built dist folder is here.".into()));
        }
        return folder::replace(&brought, embedded).map_err(failed("dist could not be copied"));
    }
    let inputs: Vec<PathBuf> = INPUTS.iter().map(|input| root.join(input)).filter(|input| input.exists()).collect();
    for input in &inputs {
        println!("cargo:rerun-if-changed={}", input.display());
    }

    // Terminal and editor both build: one at a time. Released when the file is closed.
    let lock = fs::File::create(package.join(".build-lock")).map_err(failed("the build lock could not be made"))?;
    lock.lock().map_err(failed("the build lock could not be taken"))?;

    let dist = package.join("dist");
    let stamp = dist.join(".dist-stamp");
    let fingerprint = fingerprint::of(&inputs).map_err(failed("the sources could not be read"))?;
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&fingerprint) {
        node::build(&root)?;
        fs::write(&stamp, &fingerprint).map_err(failed("the stamp could not be written"))?;
    }
    folder::replace(&dist, embedded).map_err(failed("the built dashboard could not be copied"))
}

fn placeholder(embedded: &Path, reason: &str) {
    let page = include_str!("build/placeholder.html").replace("{reason}", &reason.replace('&', "&amp;").replace('<', "&lt;"));
    folder::empty(embedded).expect("make the folder of the placeholder");
    fs::write(embedded.join("index.html"), page).expect("write the placeholder");
    fs::write(embedded.join("placeholder.css"), include_str!("build/placeholder.css")).expect("write the placeholder's style");
}
