//! Projects on disk: what is read, what is not, and why.

use casemate_source::locate::locate;
use casemate_source::{Exclusion, Options, Project, Reason, Role};
use std::fs;
use std::path::Path;

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let full = dir.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }
    dir
}

fn open(path: &Path, options: &Options) -> Project {
    Project::open(&locate(&[path.to_path_buf()]).unwrap(), options)
}

fn paths(project: &Project) -> Vec<&str> {
    project.files.iter().map(|f| f.path.as_str()).collect()
}

#[test]
fn what_is_read() {
    let dir = tree(&[
        (
            "package.json",
            r#"{"name": "shop", "dependencies": {"express": "4"}}"#,
        ),
        ("src/b.ts", "export const b = 1"),
        ("src/a.js", "module.exports = 1"),
        ("src/.hidden.js", "exports.x = 1"),
        ("src/types.d.ts", "declare const x: 1"),
        ("views/page.ejs", "<%- x %>"),
        ("bin/serve", "#!/usr/bin/env node\nrequire('../src/a')"),
        ("test/a.js", "require('../src/a')"),
        ("public/site.js", "$('#x').hide()"),
        ("node_modules/x/index.js", "bad()"),
        ("src/vendor/offers.js", "exports.list = []"),
        ("vendor/copy.js", "bad()"),
        ("tool.py", "print(1)"),
        ("README", "text"),
    ]);
    let project = open(dir.path(), &Options::default());
    assert_eq!(
        paths(&project),
        [
            "bin/serve",
            "src/.hidden.js",
            "src/a.js",
            "src/b.ts",
            "src/vendor/offers.js",
            "tool.py",
            "views/page.ejs"
        ]
    );
    let aside: Vec<_> = project
        .set_aside
        .iter()
        .map(|a| (a.path.as_str(), a.role))
        .collect();
    assert_eq!(
        aside,
        [
            ("public/site.js", Role::Browser),
            ("src/types.d.ts", Role::Declarations),
            ("test/a.js", Role::Test)
        ]
    );
    assert_eq!(
        project
            .foreign
            .iter()
            .map(|(n, c)| (n.as_str(), *c))
            .collect::<Vec<_>>(),
        [("node_modules", 1), ("vendor", 1)]
    );
    assert!(project.without_front_end.is_empty());
    assert_eq!(
        (project.units.len(), project.units[0].name.as_str()),
        (1, "shop")
    );
    assert_eq!(project.seen, 12);
    assert!(project.skipped.is_empty());
}

#[test]
fn a_named_path_overrides_roles_and_ignore_files() {
    let dir = tree(&[
        (".gitignore", "scratch/\n*.log.js\n"),
        ("package.json", "{\"name\": \"x\"}"),
        ("scratch/deep/a.js", "exports.a = 1"),
        ("test/helper.js", "exports.a = 1"),
        ("node_modules/lib/index.js", "exports.a = 1"),
        ("src/b.js", "exports.b = 1"),
    ]);
    let open = |path: &str| open(&dir.path().join(path), &Options::default());
    assert_eq!(paths(&open("scratch")), ["deep/a.js"]);
    assert_eq!(paths(&open("node_modules/lib")), ["index.js"]);
    let file = open("test/helper.js");
    assert_eq!(
        paths(&file),
        ["src/b.js", "test/helper.js"],
        "its project comes along"
    );
    assert!(file.in_focus("test/helper.js") && !file.in_focus("src/b.js"));
    let ignored = open("scratch/deep/a.js");
    assert_eq!(paths(&ignored), ["scratch/deep/a.js", "src/b.js"]);
}

#[test]
fn ignore_files_and_exclusions_are_counted() {
    let dir = tree(&[
        (".gitignore", "*.gen.js\n!keep.gen.js\n/logs/\n"),
        (".casemateignore", "old/\n"),
        ("a.gen.js", "x"),
        ("keep.gen.js", "x"),
        ("logs/a.js", "x"),
        ("logs/b.js", "x"),
        ("old/a.js", "x"),
        ("legacy/a.js", "x"),
        ("a.js", "x"),
    ]);
    let exclude = vec![Exclusion {
        pattern: "legacy/**".into(),
        origin: "--exclude".into(),
    }];
    let project = open(
        dir.path(),
        &Options {
            exclude: exclude.clone(),
            isolated: false,
        },
    );
    assert_eq!(
        paths(&project),
        ["a.js"],
        "keep.gen.js is set aside by its name"
    );
    let effects: Vec<_> = project
        .ignored
        .iter()
        .map(|e| (e.origin.as_str(), e.entries))
        .collect();
    assert_eq!(
        effects,
        [
            (".gitignore", 2),
            (".casemateignore", 1),
            ("--exclude legacy/**", 1)
        ]
    );
    let isolated = open(
        dir.path(),
        &Options {
            exclude,
            isolated: true,
        },
    );
    assert_eq!(paths(&isolated), ["a.js", "old/a.js"]);
}

#[test]
fn an_empty_folder_is_a_project_without_files() {
    let dir = tempfile::tempdir().unwrap();
    let project = open(dir.path(), &Options::default());
    assert!(project.files.is_empty() && project.seen == 0 && project.units.len() == 1);
}

#[test]
fn odd_bytes() {
    let dir = tree(&[("ok.js", "exports.a = 1")]);
    fs::write(
        dir.path().join("latin.js"),
        b"// caf\xE9\nexports.a = 1 // and more text here",
    )
    .unwrap();
    fs::write(dir.path().join("bin.js"), b"\x7fELF\0\0\0").unwrap();
    fs::write(dir.path().join("huge.js"), vec![b' '; 11 * 1024 * 1024]).unwrap();
    let project = open(dir.path(), &Options::default());
    assert_eq!(paths(&project), ["latin.js", "ok.js"]);
    assert!(project.files[0].note.is_some());
    let reasons: Vec<_> = project
        .skipped
        .iter()
        .map(|s| (s.path.as_str(), s.reason.clone()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("bin.js", Reason::Binary),
            ("huge.js", Reason::TooLarge(11 * 1024 * 1024))
        ]
    );
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_not_followed() {
        let outside = tree(&[("secret.js", "exports.a = 1"), ("dir/b.js", "x")]);
        let dir = tree(&[("src/a.js", "exports.a = 1")]);
        let at = |p: &str| dir.path().join(p);
        symlink(dir.path(), at("src/loop")).unwrap();
        symlink(at("src/a.js"), at("alias.js")).unwrap();
        symlink(outside.path().join("secret.js"), at("out.js")).unwrap();
        symlink(outside.path().join("dir"), at("outdir")).unwrap();
        symlink(at("circle"), at("circle")).unwrap();
        symlink(at("gone.js"), at("dangling.js")).unwrap();
        let project = open(dir.path(), &Options::default());
        assert_eq!(paths(&project), ["src/a.js"]);
        let reasons: Vec<_> = project
            .skipped
            .iter()
            .map(|s| (s.path.as_str(), s.reason.clone()))
            .collect();
        assert_eq!(
            reasons,
            [
                ("circle", Reason::LinkBroken),
                ("dangling.js", Reason::LinkBroken),
                ("out.js", Reason::LinkOutside),
                ("outdir", Reason::LinkOutside),
            ]
        );
    }

    #[test]
    fn a_pipe_does_not_block() {
        let dir = tree(&[("a.js", "x")]);
        let made = std::process::Command::new("mkfifo")
            .arg(dir.path().join("pipe.js"))
            .status();
        if !made.is_ok_and(|s| s.success()) {
            return;
        }
        let project = open(dir.path(), &Options::default());
        assert_eq!(project.skipped[0].reason, Reason::NotRegular);
    }

    #[test]
    fn what_may_not_be_read_is_told() {
        let dir = tree(&[("a.js", "x"), ("b.js", "x"), ("closed/c.js", "x")]);
        let close = |p: &str| {
            fs::set_permissions(dir.path().join(p), fs::Permissions::from_mode(0o000)).unwrap()
        };
        close("b.js");
        close("closed");
        let readable = fs::read(dir.path().join("b.js")).is_ok();
        let project = open(dir.path(), &Options::default());
        fs::set_permissions(dir.path().join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
        if readable {
            return; // the superuser reads everything
        }
        assert_eq!(paths(&project), ["a.js"]);
        let skipped: Vec<_> = project.skipped.iter().map(|s| s.path.as_str()).collect();
        assert_eq!(skipped, ["b.js", "closed"]);
    }
}
