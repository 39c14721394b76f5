//! Cron expressions: five fields, read by the parser that schedules are read by. They are checked and kept; nothing is started by them yet.

use croner::parser::{CronParser, Seconds, Year};

/// What is wrong with an expression.
pub(super) fn problem(expression: &str) -> Option<String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser
        .parse(expression)
        .err()
        .map(|error| format!("Invalid cron expression '{}': {error}", domain::limits::cut(expression, 100)))
}
