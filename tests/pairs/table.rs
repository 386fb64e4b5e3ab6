//! The table of `docs/reliability.md`, generated from the settings.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use crate::setting::{SETTINGS, Setting, pairs};

const BEGIN: &str = "<!-- The pairs: made by `make reliability-table`. -->\n";
const END: &str = "<!-- The end of the pairs. -->\n";
/// If set, the test writes the table instead of comparing it.
const WRITE: &str = "OSSMPU_WRITE_TABLE";

#[test]
fn the_table_in_the_documentation_matches_the_pairs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the start of the table is marked");
    let (table, after) = rest.split_once(END).expect("the end of the table is marked");
    let generated = table_of_pairs();
    if env::var_os(WRITE).is_some() {
        fs::write(&path, [before, BEGIN, &generated, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(table, generated, "run `make reliability-table`");
}

fn table_of_pairs() -> String {
    let all = pairs();
    let refused = all.iter().filter(|pair| pair[0].excludes(pair[1])).count();
    let mut table = format!("\n{} pairs, {refused} of them refused:\n\n", all.len());
    table += "| setting | uploads with another setting | refused with |\n|---|---:|---|\n";
    for setting in SETTINGS {
        let of_setting: Vec<&[Setting; 2]> =
            all.iter().filter(|pair| pair.contains(&setting)).collect();
        let refused: Vec<&str> = of_setting
            .iter()
            .filter(|pair| pair[0].excludes(pair[1]))
            .map(|pair| if pair[0] == setting { pair[1] } else { pair[0] }.label())
            .collect();
        let run = of_setting.len() - refused.len();
        writeln!(table, "| {} | {run} | {} |", setting.label(), refused.join(", ")).unwrap();
    }
    table + "\n"
}
