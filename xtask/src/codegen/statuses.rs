//! `docs/reference/statuses.md`: the statuses, the moves between them, and the diagram, from the one table in `domain::status`.

use std::fmt::Write;
use std::path::Path;

use domain::Status;
use domain::status::{TABLE, diagram};

const SOURCE: &str = "crates/domain/src/status.rs";

pub(super) fn page(root: &Path) -> Result<String, String> {
    let source = std::fs::read_to_string(root.join(SOURCE)).map_err(|error| format!("{SOURCE}: {error}"))?;
    let mut page = format!(
        "# Statuses\n\nWritten by `cargo xtask codegen` from `{SOURCE}`.\n\n\
         A job has one of {} statuses. A client treats one that it does not know as active and shows its name.\n\n\
         | Status | End | Meaning |\n|---|---|---|\n",
        Status::ALL.len()
    );
    for status in Status::ALL {
        let sentence = sentence(&source, status.as_str()).ok_or_else(|| format!("{SOURCE}: `{status}` has no doc sentence"))?;
        let end = if status.is_end() { "yes" } else { "" };
        let _ = writeln!(page, "| `{status}` | {end} | {sentence} |");
    }
    page.push_str(
        "\n## Moves\n\nEvery move that exists, and what makes it happen. Anything else is refused with 409 `wrong_status`.\n\n",
    );
    page.push_str("| From | To | By |\n|---|---|---|\n");
    for mv in TABLE {
        let from = mv.from.map_or_else(|| "(new)".to_owned(), |from| format!("`{from}`"));
        let _ = writeln!(page, "| {from} | `{}` | {} |", mv.to, mv.cause);
    }
    let _ = write!(page, "\n## Diagram\n\n```mermaid\n{}```\n", diagram());
    Ok(page)
}

/// The doc comment above the variant that is spelled `word`.
fn sentence(source: &str, word: &str) -> Option<String> {
    let spelled = format!(" = \"{word}\",");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.ends_with(&spelled))?;
    let above = lines[..at].iter().rev().map_while(|line| line.strip_prefix("///"));
    let mut doc: Vec<&str> = above.map(str::trim).collect();
    doc.reverse();
    (!doc.is_empty()).then(|| doc.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_the_comment_above_its_word() {
        let source = "/// Not this.\nA = \"a\",\n/// Two\n/// lines.\nB = \"b\",\nC = \"c\",";
        assert_eq!(sentence(source, "b").as_deref(), Some("Two lines."));
        assert_eq!(sentence(source, "c"), None);
    }
}
