//! Each verb in each status.

use super::world::World;

/// Rows: how a job comes to stand there. Cells: the status after, `?` when it was only asked, `=` when it already was so, `!` and
/// a code when it was refused (`!` alone is `wrong_status`).
const MATRIX: &str = "
    job                | pause          | resume       | abort    | kill     | retry          | run-now | answer  | delete
    later:             | paused         | !            | aborted  | aborted  | !              | pending | !       | !
    :                  | paused         | !            | aborted  | aborted  | !              | =       | !       | !
    :claim             | ?              | =            | ?        | ?        | !              | !       | !       | !
    :claim pause       | ?              | ?            | ?        | ?        | !              | !       | !       | !
    :claim abort       | !stop_asked    | !stop_asked  | ?        | ?        | !              | !       | !       | !
    no-pause:claim     | !not_pausable  | =            | ?        | ?        | !              | !       | !       | !
    :claim pause ack   | =              | ?            | ?        | ?        | !              | !       | !       | !
    :pause             | =              | pending      | aborted  | aborted  | !              | !       | !       | !
    :claim wait        | !              | !            | aborted  | aborted  | !              | !       | pending | !
    attempts=2:claim fail | paused      | !            | aborted  | aborted  | pending        | pending | !       | !
    :claim complete    | !              | !            | !        | !        | !              | !       | !       | gone
    :claim fail        | !              | !            | !        | !        | pending        | !       | !       | gone
    :abort             | !              | !            | =        | =        | pending        | !       | !       | gone
    start-within=1:+1  | !              | !            | !        | !        | pending        | !       | !       | gone
    :claim +30000      | !              | !            | !        | !        | pending        | !       | !       | gone
    tracked:           | ?              | =            | ?        | ?        | !              | !       | !       | !
    tracked:fail       | !              | !            | !        | !        | !nobody_to_run | !       | !       | gone
    tracked:complete   | !              | !            | !        | !        | !              | !       | !       | gone
    mirrored:          | !not_here      | !not_here    | !not_here | !not_here | !not_here   | !not_here | !not_here | !
    mirrored:says=waiting | !not_here   | !not_here    | !not_here | !not_here | !not_here   | !not_here | !not_here | !
    mirrored:says=failed | !not_here    | !not_here    | !not_here | !not_here | !not_here   | !not_here | !not_here | gone
";

fn outcome(job: &str, verb: &str) -> String {
    let (words, steps) = job.split_once(':').expect("a row names its job");
    let mut world = World::with(words);
    for step in steps.split_whitespace() {
        world.step(step).unwrap_or_else(|refusal| panic!("{job}: {refusal:?}"));
    }
    match world.step(verb) {
        Err(refusal) if refusal.code() == "wrong_status" => "!".into(),
        Err(refusal) => format!("!{}", refusal.code()),
        Ok(told) if told.answer == "wished" => "?".into(),
        Ok(told) if told.answer == "unchanged" => "=".into(),
        Ok(_) => world.rows[0].job.as_ref().map_or("gone", |job| job.status.as_str()).into(),
    }
}

#[test]
fn each_verb_does_in_each_status_what_the_matrix_says() {
    let mut rows = MATRIX.lines().map(str::trim).filter(|row| !row.is_empty()).map(|row| row.split('|').map(str::trim));
    let verbs: Vec<&str> = rows.next().expect("a head").skip(1).collect();
    for mut row in rows {
        let job = row.next().expect("a job");
        for (verb, expected) in verbs.iter().zip(row) {
            assert_eq!(outcome(job, verb), expected, "`{job}`, then {verb}");
        }
    }
}
