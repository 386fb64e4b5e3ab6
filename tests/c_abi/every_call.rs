//! Generates a C program from the header that calls each function with each argument replaced by
//! NULL or junk, and with all of them replaced.
//!
//! The declarations are the input, so no function and no parameter is missing. The arguments and
//! the checks are in `tests/c/every_call.h`.

use std::fmt::Write;

/// One function of the header.
pub(super) struct Function {
    pub(super) name: String,
    returns: String,
    parameters: Vec<Parameter>,
}

struct Parameter {
    /// Without `struct` and spaces around stars: `const ossmpu_client*`.
    kind: String,
    name: String,
}

/// All functions that the header declares.
pub(super) fn functions(header: &str) -> Vec<Function> {
    let declarations = header.split("OSSMPU_API").skip(1);
    declarations
        .filter_map(|text| text.split_once(';'))
        .filter_map(|(text, _)| parse(text))
        .collect()
}

/// The whole program.
pub(super) fn program(functions: &[Function]) -> String {
    let mut text = "#include \"every_call.h\"\n\n".to_owned();
    for function in functions {
        text.push_str(&function.definition());
    }
    text.push_str("int main(int argc, char **argv) {\n    int p, j;\n");
    text.push_str("    CHECK(argc == 3);\n    begin(argv[1]);\n");
    for Function { name, parameters, .. } in functions {
        let count = parameters.len();
        // One parameter after the other, then none of them (-1), then all (-2).
        let _ = write!(
            text,
            "    begin_function();\n    for (p = -2; p < {count}; p++)\n        \
             for (j = 0; j < COUNT(texts); j++)\n            call_{name}(p, j);\n    \
             end_function();\n"
        );
    }
    text.push_str("    end();\n    CHECK(calls > 1000);\n    return 0;\n}\n");
    text
}

fn parse(text: &str) -> Option<Function> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (head, list) = text.strip_suffix(')')?.split_once('(')?;
    let head = parameter(head);
    let parameters = list.split(',').map(parameter).filter(|one| one.kind != "void").collect();
    Some(Function { name: head.name, returns: head.kind, parameters })
}

fn parameter(text: &str) -> Parameter {
    let text = text.trim().replace("struct ", "");
    let at = text.rfind([' ', '*']).map_or(text.len(), |at| at + 1);
    let (kind, name) = text.split_at(at);
    // `(void)` has no name.
    Parameter { kind: kind.trim().replace(" *", "*"), name: name.to_owned() }
}

impl Function {
    pub(super) fn takes_a_pointer(&self) -> bool {
        self.parameters.iter().any(|one| one.kind.contains('*'))
    }

    /// `call_NAME(p, j)`: parameter `p` is junk `j`, all others are valid.
    fn definition(&self) -> String {
        let Self { name, returns, parameters } = self;
        let mut text = format!("static void call_{name}(int p, int j) {{\n");
        let mut after = String::new();
        let mut arguments = Vec::new();
        let mut err = "NULL".to_owned();
        for (index, parameter) in parameters.iter().enumerate() {
            let junk = format!("(p == {index} || p == -2)");
            arguments.push(parameter.argument(&junk, name, &mut text, &mut after));
            if parameter.kind == "ossmpu_error**" {
                err = format!("{junk} ? NULL : &err");
            }
        }
        let call = format!("{name}({})", arguments.join(", "));
        let _ = match returns.as_str() {
            // The only number that is not a status.
            "int" if parameters.is_empty() => writeln!(text, "    CHECK({call} > 0);"),
            "int" => writeln!(text, "    check_answer({call}, {err}, \"{name}\");")
                .and_then(|()| self.failed_outs(&mut text)),
            "const char*" => writeln!(text, "    CHECK({call} != NULL);"),
            "int64_t" => writeln!(text, "    CHECK({call} >= -1 || p != -1);"),
            kind if kind.ends_with('*') => {
                let kind = kind.trim_end_matches('*');
                writeln!(text, "    {kind}_free({call});")
            }
            _ => writeln!(text, "    {call};"),
        };
        text.push_str("    (void)p;\n    (void)j;\n");
        text.push_str(&after);
        text.push_str("}\n\n");
        text
    }

    /// A call without its required arguments returns no handle.
    fn failed_outs(&self, text: &mut String) -> std::fmt::Result {
        for parameter in &self.parameters {
            if parameter.name == "out" && parameter.kind.ends_with("**") {
                writeln!(text, "    CHECK(p != -2 || out == NULL);")?;
            }
        }
        Ok(())
    }
}

impl Parameter {
    /// The argument as an expression, and its statements before and after the call.
    fn argument(
        &self,
        junk: &str,
        function: &str,
        text: &mut String,
        after: &mut String,
    ) -> String {
        let Self { kind, name } = self;
        let either = |valid: &str, junk_value: &str| format!("{junk} ? {junk_value} : {valid}");
        let listed = |list: &str| format!("{list}[j % COUNT({list})]");
        match kind.as_str() {
            "const char*" => either(valid_text(name), &listed("texts")),
            "size_t" => either("1", &listed("sizes")),
            "int" => either(valid_number(name), &listed("ints")),
            "int32_t" => either(valid_number(name), &listed("int32s")),
            "int64_t" => either(valid_number(name), &listed("int64s")),
            "uint64_t" => either("0", "UINT64_MAX"),
            "const void*" => either("\"x\"", "NULL"),
            "void*" => "NULL".to_owned(),
            "uint64_t*" | "const uint64_t*" => {
                let _ = writeln!(text, "    uint64_t {name} = 1;");
                either(&format!("&{name}"), "NULL")
            }
            "ossmpu_credentials*" => "NULL".to_owned(),
            _ if kind.ends_with("_fn") => either(callback(kind), "NULL"),
            _ if kind.ends_with("**") => {
                let target = kind.trim_end_matches('*');
                let _ = writeln!(text, "    {target} *{name} = NULL;");
                if name != "err" && !target.starts_with("const ") {
                    let _ = writeln!(after, "    {target}_free({name});");
                }
                either(&format!("&{name}"), "NULL")
            }
            // A triggered token is not used again.
            "const ossmpu_cancel*" if function.starts_with("ossmpu_cancel_") => {
                fresh("ossmpu_cancel", name, text, after, function);
                either(&format!("own_{name}"), "NULL")
            }
            _ if kind.starts_with("const ossmpu_") => {
                either(kind["const ossmpu_".len()..].trim_end_matches('*'), "NULL")
            }
            _ => {
                fresh(kind.trim_end_matches('*'), name, text, after, function);
                if function.ends_with("_free") {
                    // The junk handle of a free function is NULL; the other one is freed too.
                    let _ = writeln!(after, "    if {junk} {function}(own_{name});");
                }
                either(&format!("own_{name}"), "NULL")
            }
        }
    }
}

/// A handle that is created for one call.
fn fresh(kind: &str, name: &str, text: &mut String, after: &mut String, function: &str) {
    let _ = writeln!(text, "    {kind} *own_{name} = new_{kind}();");
    if !function.ends_with("_free") {
        let _ = writeln!(after, "    {kind}_free(own_{name});");
    }
}

fn callback(kind: &str) -> &'static str {
    match kind {
        "ossmpu_read_fn" => "pour",
        "ossmpu_progress_fn" => "see",
        "ossmpu_log_fn" => "hear",
        "ossmpu_credentials_fn" => "ask",
        _ => "drop",
    }
}

fn valid_text(name: &str) -> &'static str {
    match name {
        "bucket" | "source_bucket" => "BUCKET",
        "key" => "\"every-call\"",
        "source_key" => "\"source\"",
        "path" => "path",
        "upload_id" => "ossmpu_upload_id(upload)",
        "url" => "ossmpu_result_str(result, OSSMPU_RESULT_URL)",
        "version" | "source_version" | "prefix" | "delimiter" | "token" => "NULL",
        _ => "\"AB\"",
    }
}

fn valid_number(name: &str) -> &'static str {
    match name {
        "operation" => "OSSMPU_PRESIGN_UPLOAD_PART",
        "fd" => "file",
        "offset" | "flags" => "0",
        "ms" | "expires_seconds" => "60",
        _ => "1",
    }
}
