//! Lowers every JavaScript and TypeScript file of a folder and prints what it cost: `lower <folder> [--opaque | --notes | --imports | --validate | --dump | --floor]`.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use casemate_ir::Instr;
use casemate_lang_js::{LowerOptions, Resolution, Resolver, lower};
use std::path::{Path, PathBuf};
use std::time::Instant;

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
    let options = LowerOptions::default();
    let (
        mut lines,
        mut bytes,
        mut instrs,
        mut opaque,
        mut errors,
        mut broken,
        mut skipped,
        mut notes,
    ) = (0, 0, 0u64, 0u64, 0, 0, 0, 0);
    let (mut functions, mut resolved, mut unresolved) = (0, [0usize; 3], Vec::new());
    let mut ir_bytes = 0usize;
    let texts: Vec<(PathBuf, String)> = files
        .into_iter()
        .filter_map(|f| {
            std::fs::read(&f)
                .ok()
                .map(|b| (f, String::from_utf8_lossy(&b).into_owned()))
        })
        .collect();
    let names: Vec<String> = texts.iter().map(|(f, _)| relative(&root, f)).collect();
    let mut manifests = Vec::new();
    collect_manifests(&root, &root, &mut manifests);
    let begin = Instant::now();
    let resolver = Resolver::new(&names, &manifests);
    let resolver_time = begin.elapsed();
    let begin = processor_time();
    let all: Vec<_> = texts
        .iter()
        .zip(&names)
        .map(|((_, text), name)| lower(text, name, &options))
        .collect();
    let seconds = processor_time() - begin;
    if mode == "--floor" {
        let floor = floor(&texts, &names);
        println!(
            "parse and semantic alone: {floor:.3} s; lowering costs {:.2} times that",
            seconds / floor
        );
    }
    for (((_, text), name), facts) in texts.iter().zip(&names).zip(&all) {
        lines += text.lines().count();
        bytes += text.len();
        instrs += u64::from(facts.stats.instrs);
        opaque += u64::from(facts.stats.opaque);
        errors += facts.stats.syntax_errors;
        broken += u32::from(facts.stats.syntax_errors > 0);
        skipped += facts.stats.skipped_bodies;
        notes += facts.notes.len();
        functions += facts.functions.len();
        for f in &facts.functions {
            ir_bytes += f.instrs.len() * 44
                + f.locals.len() * 60
                + f.blocks.len() * 40
                + f.args.len() * 16
                + f.parts.len() * 16;
        }
        if mode == "--notes" {
            for note in &facts.notes {
                println!("{name}:{} {}", note.span.start, note.message);
            }
        }
        if mode == "--opaque" {
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
        if mode == "--validate" {
            for violation in casemate_ir::validate(facts).iter().take(5) {
                println!("{name}: {violation}");
            }
        }
        if mode == "--dump" {
            println!("{}", casemate_ir::text::print_without_spans(facts));
        }
        for import in &facts.imports {
            let Some(specifier) = import.specifier else {
                continue;
            };
            match resolver.resolve(facts.str(specifier), name) {
                Resolution::File(_) => resolved[0] += 1,
                Resolution::Package { .. } => resolved[1] += 1,
                Resolution::Core(_) => resolved[2] += 1,
                Resolution::Unknown => {
                    unresolved.push(format!("{} in {name}", facts.str(specifier)))
                }
            }
        }
    }
    if mode == "--imports" {
        for line in &unresolved {
            println!("unresolved {line}");
        }
    }
    let share = if instrs == 0 {
        0.0
    } else {
        100.0 * opaque as f64 / instrs as f64
    };
    println!(
        "{} files, {lines} lines, {bytes} bytes, {functions} functions, {instrs} instructions ({ir_bytes} bytes), {opaque} opaque ({share:.2} %)",
        texts.len()
    );
    println!("{errors} syntax errors in {broken} files, {skipped} bodies skipped, {notes} notes");
    println!(
        "imports: {} files, {} packages, {} core, {} unknown; resolver built in {resolver_time:?}",
        resolved[0],
        resolved[1],
        resolved[2],
        unresolved.len()
    );
    println!(
        "{seconds:.3} s, {:.0} lines/s, {:.1} MB/s",
        lines as f64 / seconds,
        bytes as f64 / seconds / 1e6
    );
}

/// The time that oxc alone needs for the same files.
fn floor(texts: &[(PathBuf, String)], names: &[String]) -> f64 {
    let begin = processor_time();
    for ((_, text), name) in texts.iter().zip(names) {
        let allocator = oxc_allocator::Allocator::default();
        let kind = oxc_span::SourceType::from_path(name).unwrap_or_default();
        let parsed = oxc_parser::Parser::new(&allocator, text, kind).parse();
        let program = allocator.alloc(parsed.program);
        std::hint::black_box(
            oxc_semantic::SemanticBuilder::new()
                .build(program)
                .semantic
                .scoping()
                .symbols_len(),
        );
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
            if !path.ends_with("node_modules") && !path.ends_with(".git") {
                collect(&path, files);
            }
        } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| {
            matches!(
                e,
                "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts"
            )
        }) {
            files.push(path);
        }
    }
}

fn collect_manifests(root: &Path, folder: &Path, manifests: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "node_modules" && name != ".git" {
                collect_manifests(root, &path, manifests);
            }
        } else if (name == "package.json"
            || name == "jsconfig.json"
            || name.starts_with("tsconfig") && name.ends_with(".json"))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            manifests.push((relative(root, &path), text));
        }
    }
}
