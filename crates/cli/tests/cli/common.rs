//! Runs the built program on projects in temporary folders.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A project that has one flaw of level high, across two files, and one safe look-alike.
pub const FLAWED: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"name": "shop", "dependencies": {"express": "^4", "pg": "^8"}}"#,
    ),
    (
        "src/app.js",
        "const express = require('express')\nconst orders = require('./orders')\nconst app = express()\n\
         app.get('/orders', (req, res) => orders.list(req.query.sort).then((rows) => res.json(rows)))\n\
         app.get('/safe', (req, res) => orders.one(req.query.id).then((rows) => res.json(rows)))\n\
         app.use((err, req, res, next) => { console.error(err); res.status(500).end() })\nconst server = app.listen(3000)\nprocess.on('SIGTERM', () => server.close(() => process.exit()))\n",
    ),
    (
        "src/orders.js",
        "const { Pool } = require('pg')\nconst pool = new Pool()\n\
         exports.list = (sort) => pool.query('select * from orders order by ' + sort)\n\
         exports.one = (id) => pool.query('select * from orders where id = $1', [id])\n",
    ),
];

pub const CLEAN: &[(&str, &str)] = &[("app.js", "exports.add = (a, b) => a + b\n")];

/// A temporary folder with these files.
pub fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(dir.path(), path, text.as_bytes());
    }
    dir
}

pub fn write(root: &Path, path: &str, bytes: &[u8]) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, bytes).unwrap();
}

/// What one run did.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The program with an environment that says nothing.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casemate"));
    command.current_dir(folder).args(args);
    for name in [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "CI",
    ] {
        command.env_remove(name);
    }
    command
}

pub fn run(folder: &Path, args: &[&str]) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = command(folder, args).output().unwrap();
    Run {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
