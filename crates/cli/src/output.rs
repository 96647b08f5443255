//! Where reports go: stdout, or files that are complete or not there.

use crate::args::FormatArg;
use crate::failure::Failure;
use casemate_report::Format;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where each format goes, files opened. They are opened before the work begins: a long run must not be lost to a path that
/// cannot be written.
pub struct Destinations {
    /// The format for stdout.
    pub stdout: Option<Format>,
    /// The formats for files.
    pub files: Vec<OpenFile>,
}

/// A file that will hold a report.
pub struct OpenFile {
    /// What goes in.
    pub format: Format,
    /// As the user wrote it.
    pub shown: PathBuf,
    target: Target,
}

enum Target {
    /// Renamed to the path when complete.
    Temporary(Box<tempfile::NamedTempFile>, PathBuf),
    /// A device or pipe, which a rename would replace.
    Direct(fs::File),
}

impl From<FormatArg> for Format {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Text => Self::Text,
            FormatArg::Json => Self::Json,
            FormatArg::Markdown => Self::Markdown,
            FormatArg::Html => Self::Html,
            FormatArg::Sarif => Self::Sarif,
            FormatArg::Csv => Self::Csv,
            FormatArg::CycloneDx => Self::CycloneDx,
            FormatArg::Gitlab => Self::Gitlab,
            FormatArg::Github => Self::Github,
            FormatArg::Summary => Self::Summary,
            FormatArg::Junit => Self::Junit,
        }
    }
}

/// Reads `--format` and `--output` and opens the files.
pub fn open(formats: &[FormatArg], outputs: &[String]) -> Result<Destinations, Failure> {
    let (stdout, files) = plan(formats, outputs)?;
    let files = files
        .into_iter()
        .map(|(format, path)| open_file(format, path))
        .collect::<Result<_, _>>()?;
    Ok(Destinations { stdout, files })
}

type Plan = (Option<Format>, Vec<(Format, PathBuf)>);

fn plan(formats: &[FormatArg], outputs: &[String]) -> Result<Plan, Failure> {
    let mut wanted: Vec<Format> = Vec::new();
    for format in formats.iter().map(|f| Format::from(*f)) {
        if !wanted.contains(&format) {
            wanted.push(format);
        }
    }
    if wanted.is_empty() && outputs.iter().all(|o| split(o).is_none()) {
        wanted.push(Format::Text);
    }
    let mut files = Vec::new();
    for output in outputs {
        match (split(output), &wanted[..]) {
            (Some((name, path)), _) => files.push((named(name, output)?, PathBuf::from(path))),
            (None, [only]) => files.push((*only, PathBuf::from(output))),
            (None, _) => {
                return Err(Failure::new(format!(
                    "`--output {output}` does not say which of the formats it is for"
                ))
                .help("write FORMAT=PATH for each, as in --output sarif=out.sarif"));
            }
        }
    }
    let to_stdout: Vec<Format> = wanted
        .into_iter()
        .filter(|f| files.iter().all(|(g, _)| g != f))
        .collect();
    match to_stdout[..] {
        [] => Ok((None, files)),
        [one] => Ok((Some(one), files)),
        _ => {
            let names: Vec<&str> = to_stdout.iter().map(|f| f.name()).collect();
            Err(Failure::new(format!(
                "stdout takes one format, not {}",
                names.join(" and ")
            ))
            .help("give the others a file, as in --output sarif=out.sarif"))
        }
    }
}

/// `FORMAT=PATH`; a word before `=` is a format, anything else belongs to a path.
fn split(output: &str) -> Option<(&str, &str)> {
    let (name, path) = output.split_once('=')?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())).then_some((name, path))
}

fn named(name: &str, output: &str) -> Result<Format, Failure> {
    let found = Format::NAMED
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, f)| *f);
    found.ok_or_else(|| {
        let names: Vec<&str> = Format::NAMED.iter().map(|(n, _)| *n).collect();
        Failure::new(format!(
            "there is no format `{name}`; there are {}",
            names.join(", ")
        ))
        .help(format!("if `{output}` is a path, write ./{output}"))
    })
}

/// A file of another form than a report, complete or as it was.
pub fn whole(path: &Path) -> Result<OpenFile, Failure> {
    open_file(Format::Json, path.to_path_buf())
}

fn open_file(format: Format, shown: PathBuf) -> Result<OpenFile, Failure> {
    let cannot = |error: &std::io::Error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            kind => kind.to_string(),
        };
        Failure::new(format!("`{}` cannot be written: {why}", shown.display()))
            .help("nothing was assessed; choose another path for --output")
    };
    // A link stays a link: what it names is written.
    let real = shown.canonicalize().unwrap_or_else(|_| shown.clone());
    if real.is_dir() {
        return Err(cannot(&std::io::ErrorKind::IsADirectory.into()));
    }
    let special = fs::metadata(&real).is_ok_and(|m| !m.is_file());
    let target = if special {
        Target::Direct(
            fs::OpenOptions::new()
                .write(true)
                .open(&real)
                .map_err(|e| cannot(&e))?,
        )
    } else {
        let folder = real
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        Target::Temporary(Box::new(temporary(folder).map_err(|e| cannot(&e))?), real)
    };
    Ok(OpenFile {
        format,
        shown,
        target,
    })
}

fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".casemate-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The usual mode of a new file; the default of a temporary one is for its owner alone.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

impl OpenFile {
    /// Writes the report; the file then is complete, or as it was.
    pub fn finish(self, text: &str) -> Result<(), Failure> {
        let shown = self.shown;
        let cannot = |error: &std::io::Error| {
            Failure::new(format!(
                "`{}` cannot be written: {}",
                shown.display(),
                error.kind()
            ))
        };
        match self.target {
            Target::Direct(mut file) => file.write_all(text.as_bytes()).map_err(|e| cannot(&e)),
            Target::Temporary(mut file, path) => {
                file.write_all(text.as_bytes())
                    .and_then(|()| file.flush())
                    .map_err(|e| cannot(&e))?;
                file.persist(path).map(|_| ()).map_err(|e| cannot(&e.error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(formats: &[FormatArg], outputs: &[&str]) -> Result<Plan, String> {
        let outputs: Vec<String> = outputs.iter().map(|o| (*o).to_owned()).collect();
        plan(formats, &outputs).map_err(|f| f.message)
    }

    #[test]
    fn formats_and_files() {
        use FormatArg::{Json, Sarif, Text};
        assert_eq!(planned(&[], &[]), Ok((Some(Format::Text), vec![])));
        assert_eq!(
            planned(&[Sarif], &["a"]),
            Ok((None, vec![(Format::Sarif, "a".into())]))
        );
        assert_eq!(
            planned(&[Text, Sarif], &["sarif=a"]),
            Ok((Some(Format::Text), vec![(Format::Sarif, "a".into())]))
        );
        assert_eq!(
            planned(&[], &["sarif=a", "json=b"]),
            Ok((
                None,
                vec![(Format::Sarif, "a".into()), (Format::Json, "b".into())]
            ))
        );
        assert!(
            planned(&[Text, Json], &[])
                .unwrap_err()
                .contains("text and json")
        );
        assert!(
            planned(&[Text, Json], &["x"])
                .unwrap_err()
                .contains("which of the formats")
        );
        assert!(
            planned(&[], &["pdf=x"])
                .unwrap_err()
                .contains("no format `pdf`")
        );
        assert_eq!(
            planned(&[], &["./a=b"]),
            Ok((None, vec![(Format::Text, "./a=b".into())]))
        );
    }
}
