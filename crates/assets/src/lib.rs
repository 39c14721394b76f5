//! The dashboard, built by `build.rs` and carried in the binary.
//!
//! Collaborators: `api` serves what `get` answers. It refuses to know HTTP, and to answer the page for a file that is not there.

use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui"]
struct Embedded;

/// A file of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Strong and quoted, of these very bytes.
    pub etag: String,
    /// The name carries a hash of the content: it may be kept for ever.
    pub immutable: bool,
    /// Value of `Content-Encoding`; none when the bytes are the file itself.
    pub encoding: Option<&'static str>,
}

/// How a file was compressed when the dashboard was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Encoding::Brotli => ".br",
            Encoding::Gzip => ".gz",
        }
    }
}

/// The file at this path of a URL, with or without its first slash; `/` is the page itself.
pub fn get(path: &str) -> Option<Asset> {
    let name = name_of(path)?;
    read(name, name, None)
}

/// The same file as it was compressed at build time; none when it is not kept that way: `get` has it then.
pub fn get_encoded(path: &str, encoding: Encoding) -> Option<Asset> {
    let name = name_of(path)?;
    read(&format!("{name}{}", encoding.suffix()), name, Some(encoding.name()))
}

fn read(stored: &str, name: &str, encoding: Option<&'static str>) -> Option<Asset> {
    let file = Embedded::get(stored)?;
    let hash = file.metadata.sha256_hash();
    let digits: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Asset {
        bytes: file.data,
        content_type: content_type(name),
        etag: format!("\"{digits}\""),
        immutable: name.starts_with("assets/"),
        encoding,
    })
}

/// The name under which a file is stored. Hidden files and steps out of the folder have none; nor do compressed twins,
/// which are asked for by `get_encoded`.
fn name_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/').unwrap_or(path);
    if name.is_empty() {
        return Some("index.html");
    }
    let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'));
    let twin = [Encoding::Brotli, Encoding::Gzip].iter().any(|encoding| name.ends_with(encoding.suffix()));
    (plain && !twin).then_some(name)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
