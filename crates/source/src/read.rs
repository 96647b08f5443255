//! Bytes to text.

use crate::limits;
use crate::skipped::Reason;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A text, and what a reader must be told of how it was read.
pub(crate) struct Text {
    pub text: String,
    pub note: Option<&'static str>,
}

/// Reads at most `limit` bytes of a regular file.
pub(crate) fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Reason> {
    let file = File::open(path).map_err(|e| of_io(&e))?;
    let meta = file.metadata().map_err(|e| of_io(&e))?;
    if !meta.is_file() {
        return Err(Reason::NotRegular);
    }
    if meta.len() > limit {
        return Err(Reason::TooLarge(meta.len()));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| of_io(&e))?;
    let read = bytes.len() as u64;
    if read > limit {
        Err(Reason::TooLarge(read))
    } else {
        Ok(bytes)
    }
}

/// The first bytes of a regular file.
pub(crate) fn head(path: &Path) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limits::HEAD_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<Text, Reason> {
    decode(bytes(path, limits::FILE_BYTES)?)
}

/// Bytes as text: UTF-8, UTF-16 with its mark, else what remains when wrong bytes are replaced, unless that is no text at all.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<Text, Reason> {
    match bytes.get(..2) {
        Some([0xFF, 0xFE]) => return utf16(bytes.get(2..).unwrap_or_default(), u16::from_le_bytes),
        Some([0xFE, 0xFF]) => return utf16(bytes.get(2..).unwrap_or_default(), u16::from_be_bytes),
        _ => {}
    }
    let sniffed = bytes.get(..limits::SNIFF_BYTES).unwrap_or(&bytes);
    if memchr::memchr(0, sniffed).is_some() {
        return Err(Reason::Binary);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Text {
            text: without_mark(text),
            note: None,
        }),
        Err(error) if is_latin(error.as_bytes()) => Ok(Text {
            text: error.as_bytes().iter().map(|b| char::from(*b)).collect(),
            note: Some("Latin-1 by its coding line, converted"),
        }),
        Err(error) => {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let (mut replaced, mut all) = (0, 0);
            for c in text.chars() {
                all += 1;
                replaced += usize::from(c == char::REPLACEMENT_CHARACTER);
            }
            if replaced * 100 > all * limits::REPLACED_PERCENT {
                return Err(Reason::Binary);
            }
            Ok(Text {
                text: without_mark(text),
                note: Some("not UTF-8; unreadable characters were replaced"),
            })
        }
    }
}

/// Whether one of the first two lines declares Latin-1 (PEP 263), or an encoding that is the same but for a few signs.
fn is_latin(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line);
        let Some((comment, declared)) = line.split_once("coding") else {
            return false;
        };
        let name = declared
            .trim_start_matches([':', '=', ' ', '\t'])
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .replace('_', "-");
        comment.trim_start().starts_with('#')
            && matches!(
                name.as_str(),
                "latin-1"
                    | "latin1"
                    | "iso-8859-1"
                    | "iso8859-1"
                    | "l1"
                    | "cp1252"
                    | "windows-1252"
                    | "iso-8859-15"
                    | "latin-9"
                    | "8859"
            )
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Text, Reason> {
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok().map(unit));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if text.contains('\0') {
        return Err(Reason::Binary);
    }
    Ok(Text {
        text,
        note: Some("UTF-16, converted"),
    })
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{FEFF}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// The system's error in the same words on every system.
pub(crate) fn of_io(error: &std::io::Error) -> Reason {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => Reason::Vanished,
        ErrorKind::PermissionDenied => Reason::Unreadable("permission denied".into()),
        kind => Reason::Unreadable(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let text = |bytes: &[u8]| decode(bytes.to_vec()).map(|t| (t.text, t.note.is_some()));
        assert_eq!(text("ä\n".as_bytes()), Ok(("ä\n".into(), false)));
        assert_eq!(
            text(b"\xEF\xBB\xBFa"),
            Ok(("a".into(), false)),
            "byte order mark"
        );
        assert_eq!(
            text(b"caf\xE9 // rest of a latin-1 line"),
            Ok(("caf\u{FFFD} // rest of a latin-1 line".into(), true))
        );
        assert_eq!(
            text(b"#!/usr/bin/python\n# -*- coding: iso-8859-1 -*-\nx = '\xE9'"),
            Ok((
                "#!/usr/bin/python\n# -*- coding: iso-8859-1 -*-\nx = '\u{E9}'".into(),
                true
            )),
            "PEP 263"
        );
        assert_eq!(text(b"\xFF\xFEa\0b\0"), Ok(("ab".into(), true)));
        assert_eq!(text(b"MZ\0\0"), Err(Reason::Binary));
        assert_eq!(text(&[0xC0; 100]), Err(Reason::Binary));
    }
}
