use super::*;

/// One row: channel, report, exit, under what; and the end, in words.
#[test]
fn ends_follow_the_table() {
    let table = "
        plain  | -         | code 0    | -            | completed
        plain  | -         | code 0    | abort        | aborted
        plain  | -         | code 0    | limit        | timed_out
        plain  | -         | code 3    | -            | failed exit_code: exited with code 3
        plain  | -         | signal 11 | -            | failed signal: ended by SIGSEGV (11)
        plain  | -         | signal 15 | abort        | aborted
        plain  | -         | signal 9  | limit        | timed_out
        plain  | -         | signal 9  | oom          | failed out_of_memory: used 2 MB of memory, more than its limit
        plain  | -         | signal 9  | abort oom    | aborted
        plain  | -         | unseen    | -            | failed shim_lost: ended unseen: its shim was killed
        plain  | -         | signal 64 | -            | failed signal: ended by signal 64
        lines  | -         | code 0    | -            | failed no_result: exited with code 0 without reporting an end
        lines  | -         | code 0    | abort        | aborted
        lines  | completed | code 0    | -            | completed 7
        lines  | completed | code 1    | -            | completed 7
        lines  | completed | signal 9  | abort limit  | completed 7
        lines  | failed    | code 0    | -            | failed reported: no such page
        lines  | failed    | code 1    | abort        | aborted
        lines  | failed    | code 1    | limit        | timed_out
        lines  | aborted   | code 0    | -            | aborted
        lines  | silent    | code 0    | -            | failed no_result: exited with code 0 without reporting an end
        node   | -         | code 0    | -            | failed no_result: exited with code 0 without reporting an end
        node   | silent    | code 0    | -            | failed no_result: LOST
        node   | silent    | code 0    | abort        | aborted
        node   | silent    | code 1    | -            | failed exit_code: exited with code 1
        node   | -         | code 0    | limit        | timed_out
        node   | aborted   | code 0    | abort        | aborted
        node   | aborted   | signal 9  | limit        | timed_out
        node   | completed | unseen    | -            | completed 7
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let channel = match cells[0] {
            "plain" => Channel::Plain,
            "lines" => Channel::Lines,
            _ => Channel::NodeIpc,
        };
        let reported = match cells[1] {
            "completed" => Some(Reported::Completed { result: Some("7".into()) }),
            "failed" => Some(Reported::Failed { message: "no such page".into(), kind: None, no_retry: false }),
            "aborted" => Some(Reported::Aborted),
            _ => None,
        };
        let spoken = match &reported {
            Some(reported) => Spoken::End(reported),
            None if cells[1] == "silent" => Spoken::Nothing,
            None => Spoken::Words,
        };
        let exit = match cells[2].split_once(' ') {
            Some(("code", code)) => Exit::Code(code.parse().unwrap()),
            Some((_, signal)) => Exit::Signal(signal.parse().unwrap()),
            None => Exit::Unseen,
        };
        let under = Under {
            abort: cells[3].contains("abort"),
            limit: cells[3].contains("limit"),
            out_of_memory: cells[3].contains("oom").then_some(1_500_000),
        };
        let end = match outcome(channel, spoken, exit, under) {
            Outcome::Completed { result: Some(result) } => format!("completed {result}"),
            Outcome::Completed { result: None } => "completed".into(),
            Outcome::Failed { reason, message, .. } => format!("failed {reason}: {message}"),
            Outcome::Aborted => "aborted".into(),
            Outcome::TimedOut => "timed_out".into(),
        };
        assert_eq!(end, cells[4].replace("LOST", LOST_CHANNEL), "{row}");
    }
}
