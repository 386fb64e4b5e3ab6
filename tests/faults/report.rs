//! The table of `docs/reliability.md`, generated from the matrix.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use crate::cases::{Case, Expect, all};
use crate::fault::Op;

const BEGIN: &str = "<!-- The matrix: made by `make reliability-table`. -->\n";
const END: &str = "<!-- The end of the matrix. -->\n";

/// If this environment variable is set, the file is written instead of compared.
const WRITE: &str = "OSSMPU_WRITE_TABLE";

#[test]
fn the_table_in_the_documentation_matches_the_matrix() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the start of the table is marked");
    let (table, after) = rest.split_once(END).expect("the end of the table is marked");
    let generated = table_of(&all());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{generated}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(table, generated, "run `make reliability-table`");
}

/// One row for each fault, in the order of the cases.
fn table_of(cases: &[Case]) -> String {
    let mut faults: Vec<&str> = Vec::new();
    for case in cases {
        if !faults.contains(&case.fault.as_str()) {
            faults.push(&case.fault);
        }
    }
    let mut table = format!("\n{} cases:\n\n", cases.len());
    table += "| fault | operations | cases | the call succeeds | the call fails | with |\n";
    table += "|---|---|---:|---:|---:|---|\n";
    for fault in faults {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.fault == fault).collect();
        table += &row_of(fault, &cases);
    }
    table + "\n"
}

fn row_of(fault: &str, cases: &[&Case]) -> String {
    let kinds: BTreeSet<String> = cases.iter().filter_map(|case| kind_of(case)).collect();
    let failures = cases.iter().filter(|case| kind_of(case).is_some()).count();
    let kinds: Vec<String> = kinds.into_iter().collect();
    let mut row = format!("| {fault} | {} | {} ", operations_of(cases), cases.len());
    let successes = cases.len() - failures;
    writeln!(row, "| {successes} | {failures} | {} |", kinds.join(", ")).unwrap();
    row
}

fn kind_of(case: &Case) -> Option<String> {
    match case.expect {
        Expect::Failure(kind) => Some(format!("{kind:?}")),
        Expect::Success | Expect::CallbackFailed => None,
    }
}

fn operations_of(cases: &[&Case]) -> String {
    let affected = |op: &&Op| cases.iter().any(|case| case.op == **op);
    let names: Vec<&str> = Op::ALL.iter().filter(affected).map(|op| op.name()).collect();
    if names.len() == Op::ALL.len() { "all seven".to_owned() } else { names.join(", ") }
}
