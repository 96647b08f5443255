//! `casemate new`.

use crate::common::{run, tree};
use std::fs;

const NOTES: &str = include_str!("../../../../examples/notes/backend.toml");

#[test]
fn writes_a_project_that_the_assessment_finds_nothing_in() {
    let dir = tree(&[("backend.toml", NOTES)]);
    let new = run(dir.path(), &["new", "backend.toml", "out"]);
    assert_eq!(new.code, 0, "{new:?}");
    assert!(
        new.stdout.contains("Wrote ") && new.stdout.contains("`npm audit` asks for all"),
        "{new:?}"
    );
    assert!(dir.path().join("out/src/server.ts").is_file());
    let assess = run(&dir.path().join("out"), &["assess", "--fail-on", "info"]);
    assert_eq!(assess.code, 0, "{assess:?}");
}

#[test]
fn says_all_mistakes_with_their_places_and_writes_nothing() {
    let dir = tree(&[(
        "backend.toml",
        &NOTES
            .replace("ref(notebook)", "ref(notebok)")
            .replace("role:admin", "role:boss"),
    )]);
    let run = run(dir.path(), &["new", "backend.toml", "out"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("backend.toml:32:19: there is no entity `notebok`; did you mean `notebook`?"),
        "{run:?}"
    );
    assert!(run.stderr.contains("there is no role `boss`"), "{run:?}");
    assert!(!dir.path().join("out").exists());
}

#[test]
fn writes_over_nothing() {
    let dir = tree(&[("backend.toml", NOTES), ("out/mine.txt", "mine")]);
    let run = run(dir.path(), &["new", "backend.toml", "out"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`out` is not empty"), "{run:?}");
    assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 1);
}

#[test]
fn a_description_that_is_not_there_or_not_text() {
    let dir = tree(&[]);
    fs::write(dir.path().join("binary.toml"), [0, 159, 146, 150]).unwrap();
    for (file, said) in [
        ("gone.toml", "`gone.toml` cannot be read"),
        ("binary.toml", "`binary.toml` cannot be read"),
    ] {
        let run = run(dir.path(), &["new", file, "out"]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said), "{run:?}");
    }
}

#[test]
fn prove_needs_a_generated_project_with_its_packages() {
    let dir = tree(&[("backend.toml", NOTES), ("other/package.json", "{}")]);
    assert_eq!(run(dir.path(), &["new", "backend.toml", "out"]).code, 0);
    for (arguments, said) in [
        (&["prove", "other"][..], "`other` has no backend.toml"),
        (&["prove", "out"], "`out` has no node_modules"),
        (
            &["prove", "out", "--control", "helmet"],
            "there is no control `helmet`",
        ),
    ] {
        let run = run(dir.path(), arguments);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(said), "{run:?}");
    }
}

#[test]
fn an_update_keeps_what_people_have_changed() {
    let dir = tree(&[
        ("backend.toml", NOTES),
        ("wider.toml", &NOTES.replace("max = 50", "max = 40")),
    ]);
    assert_eq!(run(dir.path(), &["new", "backend.toml", "out"]).code, 0);
    let again = run(dir.path(), &["new", "backend.toml", "out", "--update"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "Up to date.\n"));

    let path = dir.path().join("out/src/types/note.ts");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("// Ours.\n{text}")).unwrap();
    let update = run(dir.path(), &["new", "wider.toml", "out", "--update"]);
    assert_eq!(update.code, 0, "{update:?}");
    assert!(
        update
            .stdout
            .contains("nobody has looked whether it works: its packages are not installed"),
        "{update:?}"
    );
    let merged = fs::read_to_string(&path).unwrap();
    assert!(merged.starts_with("// Ours.\n") && merged.contains(".max(40)"));

    fs::write(&path, merged.replace(".max(40)", ".max(30)")).unwrap();
    let conflict = run(dir.path(), &["new", "backend.toml", "out", "--update"]);
    assert_eq!(conflict.code, 1);
    assert!(
        conflict
            .stdout
            .contains("src/types/note.ts: conflict in 1 place\n")
            && conflict.stdout.contains("Nothing was written"),
        "{conflict:?}"
    );
    assert!(!fs::read_to_string(&path).unwrap().contains("<<<<<<<"));
    let arguments = ["new", "backend.toml", "out", "--update", "--mark-conflicts"];
    assert_eq!(run(dir.path(), &arguments).code, 1);
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("<<<<<<< yours\n")
    );

    let other = run(dir.path(), &["new", "backend.toml", ".", "--update"]);
    assert_eq!(other.code, 2);
    assert!(
        other.stderr.contains("has no .casemate/base.json"),
        "{other:?}"
    );
}
