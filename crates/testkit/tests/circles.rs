//! One way through each crate: no more than three files import one another in a circle.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that may import one another: a thing and its parts.
const CIRCLE: usize = 3;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The files of a crate by their module path, such as `crate::policy::key`; tests left out.
fn modules(dir: &Path, path: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.contains("tests") || name == "bin" {
            continue;
        }
        let inside = format!("{path}::{name}");
        if file.is_dir() {
            modules(&file, &inside, found);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            let module = if ["lib", "main", "mod"].contains(&&*name) { path } else { &inside };
            let text = fs::read_to_string(&file).unwrap();
            found.insert(module.to_owned(), code(&text));
        }
    }
}

/// A file without its comments, its tests, and what it only shows again.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = shipped.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join(" ")
}

/// The paths that an import names: `a::{b, c::{d, self}}` is `a::b`, `a::c::d`, `a::c`.
fn expanded(import: &str) -> Vec<String> {
    let import = import.trim();
    let Some((root, list)) = import.split_once('{') else {
        return vec![import.split(" as ").next().unwrap().trim().to_owned()];
    };
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let (mut depth, mut items, mut item) = (0, Vec::new(), String::new());
    for c in list.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            items.push(std::mem::take(&mut item));
        } else {
            item.push(c);
        }
    }
    items.push(item);
    let items = items.iter().filter(|item| !item.trim().is_empty());
    items.flat_map(|item| expanded(item)).map(|path| format!("{}{path}", root.trim())).collect()
}

/// Every path of a file that may name another module of its crate.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for (number, statement) in code.split(';').enumerate() {
        // What is shown again is not what a file rests on.
        let import = statement.rfind("use ").filter(|at| {
            let before = statement.get(..*at).unwrap();
            before.ends_with(|c: char| c.is_whitespace() || c == '}') || before.is_empty()
        });
        match import {
            Some(at)
                if statement.get(..at).unwrap().trim_end().ends_with(')')
                    || statement.get(..at).unwrap().trim_end().ends_with("pub") => {}
            Some(at) => found.extend(expanded(statement.get(at + 4..).unwrap())),
            None => rest.push_str(statement),
        }
        rest.push_str(if number % 2 == 0 { " " } else { "\n" });
    }
    let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            if !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                let path = &rest[at..];
                found.push(path[..path.find(ends).unwrap_or(path.len())].to_owned());
            }
        }
    }
    found
}

/// The module that a path of `module` leads to, if it is another file of the crate.
fn target<'m>(
    path: &str,
    module: &str,
    modules: &'m BTreeMap<String, String>,
) -> Option<&'m String> {
    let mut base = module.to_owned();
    let mut segments = path.split("::").peekable();
    match segments.peek()? {
        &"crate" => {
            segments.next();
            base = "crate".into();
        }
        &"self" => {
            segments.next();
        }
        &"super" => {
            while segments.next_if_eq(&"super").is_some() {
                base = base.rsplit_once("::")?.0.to_owned();
            }
        }
        first => {
            modules.get(&format!("{module}::{first}"))?;
        }
    }
    let mut full = segments.fold(base, |base, segment| format!("{base}::{segment}"));
    loop {
        if let Some((found, _)) = modules.get_key_value(&full) {
            return Some(found).filter(|found| *found != module);
        }
        full = full.rsplit_once("::")?.0.to_owned();
    }
}

/// The modules that are reached from one.
fn reached<'m>(
    from: &'m String,
    arrows: &BTreeMap<&'m String, BTreeSet<&'m String>>,
) -> BTreeSet<&'m String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        next.extend(arrows[module].iter().copied().filter(|to| seen.insert(*to)));
    }
    seen
}

#[test]
fn no_more_than_three_files_import_one_another() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(crates()).unwrap() {
        let path = entry.unwrap().path();
        let mut files = BTreeMap::new();
        modules(&path.join("src"), "crate", &mut files);
        assert!(!files.is_empty(), "{}", path.display());
        let arrows: BTreeMap<_, BTreeSet<_>> = files
            .iter()
            .map(|(module, code)| {
                let to = paths(code).into_iter();
                (module, to.filter_map(|path| target(&path, module, &files)).collect())
            })
            .collect();
        let reach: BTreeMap<_, _> =
            files.keys().map(|module| (module, reached(module, &arrows))).collect();
        let mut told = BTreeSet::new();
        for (module, to) in &reach {
            let circle: BTreeSet<_> =
                to.iter().copied().filter(|other| reach[*other].contains(*module)).collect();
            if circle.len() > CIRCLE && told.insert(circle.clone()) {
                wrong.push(format!("{}: {circle:?}", path.file_name().unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    for (import, wanted) in [
        ("a::b", vec!["a::b"]),
        ("a::{b, c::{d, self}, e as f}", vec!["a::b", "a::c::d", "a::c::self", "a::e"]),
        ("{a, b}", vec!["a", "b"]),
    ] {
        assert_eq!(expanded(import), wanted, "{import}");
    }
}
