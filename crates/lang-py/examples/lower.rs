//! Lowers every Python file of a folder and prints what it cost: `lower <folder> [--opaque | --notes | --imports | --validate | --dump | --floor]`.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use casemate_ir::{FileFacts, Instr};
use casemate_lang_py::{LowerOptions, Module, Resolution, Resolver, lower, settle};
use std::path::{Path, PathBuf};

fn main() {
    let child = std::thread::Builder::new().stack_size(512 << 20).spawn(run);
    if let Ok(child) = child
        && child.join().is_err()
    {
        println!("panicked");
    }
}

fn run() {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let mode = arguments.next().unwrap_or_default();
    let mut files = Vec::new();
    if root.is_file() {
        files.push(root.clone());
    } else {
        collect(&root, &mut files);
    }
    files.sort();
    let texts: Vec<(String, String)> = files
        .iter()
        .filter_map(|f| {
            let bytes = std::fs::read(f).ok()?;
            Some((
                relative(&root, f),
                String::from_utf8_lossy(&bytes).into_owned(),
            ))
        })
        .collect();
    let options = LowerOptions::default();
    let begin = processor_time();
    let mut all: Vec<FileFacts> = texts
        .iter()
        .map(|(_, text)| lower(text, &options))
        .collect();
    let seconds = processor_time() - begin;
    if mode == "--floor" {
        let floor = floor(&texts);
        println!(
            "parsing alone: {floor:.3} s; lowering costs {:.2} times that",
            seconds / floor
        );
    }
    let begin = processor_time();
    let resolver = Resolver::new(texts.iter().enumerate().map(|(i, (name, _))| (i, &**name)));
    let mut modules: Vec<Module<'_>> = all
        .iter_mut()
        .zip(&texts)
        .enumerate()
        .map(|(index, (facts, (path, _)))| Module { index, path, facts })
        .collect();
    let settled = settle(&mut modules, &resolver);
    let settling = processor_time() - begin;
    let mut sums = [0u64; 8];
    let mut resolved = [0usize; 4];
    for (((name, text), facts), imports) in texts.iter().zip(&all).zip(&settled) {
        let stats = &facts.stats;
        let counts = [
            text.lines().count() as u64,
            text.len() as u64,
            facts.functions.len() as u64,
            u64::from(stats.instrs),
            u64::from(stats.opaque),
            u64::from(stats.syntax_errors),
            u64::from(stats.skipped_bodies),
            facts.notes.len() as u64,
        ];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        show(&mode, name, text, facts);
        for (import, to) in facts.imports.iter().zip(imports) {
            let kind = match to {
                Resolution::File(_) => 0,
                Resolution::Folder => 1,
                Resolution::Package(_) => 2,
                Resolution::Unknown => 3,
            };
            if let Some(count) = resolved.get_mut(kind) {
                *count += 1;
            }
            if mode == "--imports" {
                println!(
                    "{name}: {} {to:?}",
                    import.specifier.map_or("", |s| facts.str(s))
                );
            }
        }
    }
    let [
        lines,
        bytes,
        functions,
        instrs,
        opaque,
        errors,
        skipped,
        notes,
    ] = sums;
    println!(
        "{} files, {lines} lines, {bytes} bytes, {functions} functions, {instrs} instructions, {opaque} opaque, {errors} syntax errors, {skipped} bodies skipped, {notes} notes",
        texts.len()
    );
    println!(
        "imports: {} files, {} folders, {} packages, {} unknown; settled in {settling:.3} s",
        resolved[0], resolved[1], resolved[2], resolved[3]
    );
    println!(
        "{seconds:.3} s, {:.0} lines/s, {:.1} MB/s",
        lines as f64 / seconds,
        bytes as f64 / seconds / 1e6
    );
}

fn show(mode: &str, name: &str, text: &str, facts: &FileFacts) {
    match mode {
        "--notes" => {
            for note in &facts.notes {
                println!("{name}:{} {}", note.span.start, note.message);
            }
        }
        "--opaque" => {
            for f in &facts.functions {
                for (instr, span) in f.instrs.iter().zip(&f.spans) {
                    if matches!(instr, Instr::Opaque { .. }) {
                        let source = text
                            .get(span.start as usize..span.end as usize)
                            .unwrap_or("");
                        println!(
                            "{name}:{} {}",
                            span.start,
                            source.chars().take(100).collect::<String>()
                        );
                    }
                }
            }
        }
        "--validate" => {
            for violation in casemate_ir::validate(facts).iter().take(5) {
                println!("{name}: {violation}");
            }
        }
        "--dump" => println!("{}", casemate_ir::text::print_without_spans(facts)),
        _ => {}
    }
}

/// The time that ruff alone needs for the same files.
fn floor(texts: &[(String, String)]) -> f64 {
    let begin = processor_time();
    for (_, text) in texts {
        let parsed =
            ruff_python_parser::parse_unchecked_source(text, ruff_python_ast::PySourceType::Python);
        std::hint::black_box(parsed.syntax().body.len());
    }
    processor_time() - begin
}

/// Seconds that this thread has run; other processes of the machine do not count.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = stat
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0.0);
    nanoseconds / 1e9
}

fn relative(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    let text = path.to_string_lossy().replace('\\', "/");
    if text.is_empty() {
        file.to_string_lossy().into_owned()
    } else {
        text
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "py") {
            files.push(path);
        }
    }
}
