//! Tries an update in a copy of its project, before anything of the project changes.

use super::plan::files_of;
use super::workspace::Workspace;
use super::{ProveError, io_error};
use crate::update::Update;
use std::io;
use std::path::Path;

const PACKAGES: &str = "package.json";

/// What became of the copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trial {
    /// Its types hold and all its tests are green.
    Passed,
    /// Nobody looked, and why.
    Untried(&'static str),
    /// The types do not hold, or a test is red: what was said.
    Red(String),
}

/// Does an update in a copy of the project, checks the types there and runs the tests.
pub fn tried(folder: &Path, update: &Update) -> Result<Trial, ProveError> {
    if !folder.join("node_modules/typescript").is_dir() {
        return Ok(Trial::Untried("its packages are not installed"));
    }
    if update.conflicts() > 0 {
        return Ok(Trial::Untried("marks of conflicts are no TypeScript"));
    }
    if update.writes(PACKAGES) {
        return Ok(Trial::Untried(
            "it changes package.json, and what is installed are the packages of before",
        ));
    }
    let mut copy = Workspace::new(folder, &files_of(folder)?)?;
    update.apply(copy.folder()).map_err(|error| {
        let source = io::Error::other(error.to_string());
        io_error("the update cannot be tried in a copy")(source)
    })?;
    if let Some(errors) = copy.type_check()? {
        return Ok(Trial::Red(format!("the type check fails:\n{errors}")));
    }
    Ok(match copy.check()? {
        Some(red) => Trial::Red(format!("the tests fail: {red}")),
        None => Trial::Passed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generate, write::write};
    use std::fs;

    const LEAST: &str = "[app]\nname = \"x\"\n[auth]\nroles = [\"a\", \"b\"]\n[entity.note]\nfields.title = \"text(9)\"\nallow.read = \"authenticated\"\n";
    /// One test, which is red where a file of types has the word `RED`.
    const VITEST: &str = "import { readFileSync } from 'node:fs'
        export const createVitest = async (_, { reporters: [observer] }) => ({
          standalone: async () => {}, invalidateFile() {}, cancelCurrentRun: async () => {}, close: async () => {},
          globTestSpecifications: async () => ['all'],
          runTestSpecifications: async () => {
            const state = readFileSync('src/types/note.ts', 'utf8').includes('RED') ? 'failed' : 'passed'
            observer.onTestCaseResult({ fullName: 'one', result: () => ({ state, errors: [{ message: 'it is 1' }] }) })
            observer.onTestModuleEnd({ relativeModuleId: 'x', state: () => state, errors: () => [],
              children: { allTests: () => [], allSuites: () => [] } })
            return { unhandledErrors: [] }
          },
        })";

    /// A project whose compiler refuses the word `WRONG` in a file of types.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(&generate(LEAST).unwrap().files, folder.path()).unwrap();
        let compiler = folder.path().join("node_modules/typescript/bin");
        fs::create_dir_all(&compiler).unwrap();
        let program = "const text = require('node:fs').readFileSync('src/types/note.ts', 'utf8')
            if (text.includes('WRONG')) { console.log('src/types/note.ts(1,1): error'); process.exit(2) }";
        fs::write(compiler.join("tsc"), program).unwrap();
        let tests = folder.path().join("node_modules/vitest");
        fs::create_dir_all(&tests).unwrap();
        let package = r#"{"type":"module","exports":{"./node":"./node.js"}}"#;
        fs::write(tests.join("package.json"), package).unwrap();
        fs::write(tests.join("node.js"), VITEST).unwrap();
        folder
    }

    fn wider(folder: &Path) -> Update {
        Update::plan(folder, &format!("{LEAST}list = {{ max = 10 }}\n")).unwrap()
    }

    #[test]
    fn what_is_red_in_the_copy_is_told_and_the_project_stays_as_it_is() {
        for (word, said) in [
            (
                "WRONG",
                Trial::Red("the type check fails:\nsrc/types/note.ts(1,1): error".into()),
            ),
            ("RED", Trial::Red("the tests fail: one: it is 1".into())),
            ("fine", Trial::Passed),
        ] {
            let folder = project();
            let path = folder.path().join("src/types/note.ts");
            let ours = format!("// {word}\n{}", fs::read_to_string(&path).unwrap());
            fs::write(&path, &ours).unwrap();
            let trial = tried(folder.path(), &wider(folder.path())).unwrap();
            assert_eq!(trial, said);
            assert_eq!(fs::read_to_string(&path).unwrap(), ours);
        }
    }

    #[test]
    fn what_cannot_be_looked_at_is_told() {
        let folder = project();
        let update = Update::plan(folder.path(), &LEAST.replace("\"x\"", "\"y\"")).unwrap();
        assert!(matches!(
            tried(folder.path(), &update).unwrap(),
            Trial::Untried(why) if why.contains("package.json")
        ));
        fs::remove_dir_all(folder.path().join("node_modules")).unwrap();
        assert!(matches!(
            tried(folder.path(), &wider(folder.path())).unwrap(),
            Trial::Untried(why) if why.contains("not installed")
        ));
    }
}
