use super::*;

/// One row: what was printed (escapes as in a string), and every percentage read from it.
const TABLE: &[(&str, &[f64])] = &[
    ("", &[]),
    ("50%", &[50.0]),
    ("0% 100%", &[0.0, 100.0]),
    ("\r[####      ] 42.5 %", &[42.5]),
    ("\r  1,238,099  45%   1.18MB/s    0:00:01", &[45.0]),
    ("######################       61.7%\r#########   72.0%", &[61.7, 72.0]),
    ("\x1b[32m12%\x1b[0m|███   | 3/25", &[12.0]),
    ("  % Total    % Received % Xferd", &[]),
    ("frame=  100 fps= 25 q=28.0 size=    256kB", &[]),
    ("12,5 %", &[12.5]),
    ("101%", &[]),
    ("100.1%", &[]),
    ("12345%", &[]),
    ("-5%", &[]),
    ("1.2.50%", &[]),
    ("50  %", &[]),
    ("50 60%", &[60.0]),
    ("7x%", &[]),
    ("3/4 (75%)", &[75.0]),
    ("-5% then 6%", &[6.0]),
];

#[test]
fn percentages_are_found() {
    for (printed, expected) in TABLE {
        let mut reader = PercentReader::default();
        let found: Vec<f64> = printed.bytes().filter_map(|byte| reader.read(&[byte])).collect();
        assert_eq!(&found, expected, "{printed:?}");
    }
}

#[test]
fn chunk_borders_do_not_matter() {
    for (printed, expected) in TABLE {
        for size in 1..=printed.len().max(1) {
            let mut reader = PercentReader::default();
            let last = printed.as_bytes().chunks(size).filter_map(|chunk| reader.read(chunk)).last();
            assert_eq!(last, expected.last().copied(), "{printed:?} in chunks of {size}");
        }
    }
}
