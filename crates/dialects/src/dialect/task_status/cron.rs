//! Cron expressions: five fields, read by the parser that schedules are read by. They are checked and kept; nothing is started by them yet.

use croner::parser::{CronParser, Seconds, Year};

/// A field, what it takes, and an example.
struct Field {
    name: &'static str,
    takes: &'static str,
    example: &'static str,
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", takes: "0 to 59", example: "*/15" },
    Field { name: "hour", takes: "0 to 23", example: "9-17" },
    Field { name: "day of month", takes: "1 to 31, or L for the last", example: "1,15" },
    Field { name: "month", takes: "1 to 12, or JAN to DEC", example: "JAN,JUL" },
    Field { name: "day of week", takes: "0 to 7, where 0 and 7 are Sunday, or SUN to SAT", example: "1-5" },
];

/// What is wrong with an expression.
pub(super) fn problem(expression: &str) -> Option<String> {
    let said: Vec<&str> = expression.split_whitespace().collect();
    let why = if said.len() != FIELDS.len() {
        let nickname =
            if expression.trim_start().starts_with('@') { ". Nicknames are not understood: @daily is 0 0 * * *" } else { "" };
        format!("it needs five fields: minute hour day month weekday, for example 0 9 * * 1-5{nickname}")
    } else {
        let wrong = said.iter().zip(&FIELDS).enumerate().find(|(place, (said, _))| !is_read(&alone(*place, said)));
        match wrong {
            Some((_, (said, Field { name, takes, example }))) => {
                format!("the {name} is {takes}, for example {example}, and not '{}'", domain::limits::cut(said, 50))
            }
            None if is_read(expression) => return None,
            None => "its fields cannot be read together, for example 0 9 * * 1-5 can".to_owned(),
        }
    };
    Some(format!("Invalid cron expression '{}': {why}", domain::limits::cut(expression, 100)))
}

/// An expression that says something in this field alone.
fn alone(place: usize, said: &str) -> String {
    let mut fields = ["*"; FIELDS.len()];
    fields[place] = said;
    fields.join(" ")
}

fn is_read(expression: &str) -> bool {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(expression).is_ok()
}
