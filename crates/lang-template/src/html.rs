//! Where in a page an output tag stands: a small reading of HTML that is fed the text between the tags.
//!
//! It reads the text from top to bottom and ignores which branch of the template a piece belongs to, as a person would.

use std::ops::ControlFlow;

/// The words of [`casemate_ir::Instr::Output`]'s context.
pub(crate) mod context {
    pub(crate) const TEXT: &str = "html.text";
    pub(crate) const ATTR: &str = "html.attr";
    pub(crate) const UNQUOTED: &str = "html.attr.unquoted";
    pub(crate) const URL: &str = "html.url";
    pub(crate) const SCRIPT: &str = "html.script";
    pub(crate) const STYLE: &str = "html.style";
    /// The template does not make a page.
    pub(crate) const PLAIN: &str = "text";
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Text,
    /// After `<`.
    TagStart,
    TagName,
    InTag,
    AttrName,
    /// After the name and its `=`.
    BeforeValue,
    /// In a value; the quote, or 0 for none.
    Value(u8),
    Comment,
    /// `<!doctype …>`, `<?…>`.
    Bogus,
    /// Up to the closing tag of `script`, `style`, `textarea` or `title`.
    Raw,
}

/// The longest name or value start that is kept.
const MAX_KEPT: usize = 64;

/// Reads HTML piece by piece.
pub(crate) struct Html {
    state: State,
    tag: String,
    attr: String,
    value: String,
    /// A script whose type says that it is no program.
    data_script: bool,
    /// What may become a closing tag or the end of a comment.
    tail: String,
    plain: bool,
}

impl Html {
    /// A page; or plain text where the file name says that it makes none.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            state: State::Text,
            tag: String::new(),
            attr: String::new(),
            value: String::new(),
            data_script: false,
            tail: String::new(),
            plain: makes_no_page(path),
        }
    }

    /// The same for the whole text of a template: a message without a single mark of HTML, in a folder or under a name of messages
    /// (`emails/subject.html`), is no page either.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let mut html = Self::new(path);
        html.plain |= is_message(path) && !has_markup(text);
        html
    }

    /// Reads text of the page.
    pub(crate) fn feed(&mut self, text: &str) {
        if self.plain {
            return;
        }
        for byte in text.bytes() {
            while self.step(byte).is_break() {}
        }
    }

    /// An output tag stands here; what it writes is taken for harmless text.
    pub(crate) fn hole(&mut self) {
        match self.state {
            State::BeforeValue => {
                self.state = State::Value(0);
                self.value.clear();
                keep(&mut self.value, b'x');
            }
            State::Value(_) => keep(&mut self.value, b'x'),
            State::TagStart => self.state = State::TagName,
            _ => {}
        }
    }

    /// Where the next output tag stands.
    pub(crate) fn context(&self) -> &'static str {
        if self.plain {
            return context::PLAIN;
        }
        match self.state {
            State::Text | State::Comment | State::Bogus | State::TagStart => context::TEXT,
            State::TagName | State::InTag | State::AttrName => context::UNQUOTED,
            State::Raw => match self.tag.as_str() {
                "script" if !self.data_script => context::SCRIPT,
                "style" => context::STYLE,
                _ => context::TEXT,
            },
            State::BeforeValue => unquoted(attribute(&self.tag, &self.attr, "")),
            State::Value(0) => unquoted(attribute(&self.tag, &self.attr, &self.value)),
            State::Value(_) => attribute(&self.tag, &self.attr, &self.value),
        }
    }

    /// One byte; breaks where it must be read again in the new state.
    fn step(&mut self, byte: u8) -> ControlFlow<()> {
        let lower = byte.to_ascii_lowercase();
        match self.state {
            State::Text => {
                if byte == b'<' {
                    self.enter(State::TagStart);
                }
            }
            State::TagStart => match byte {
                b'!' | b'?' => {
                    self.tail.clear();
                    self.enter(State::Bogus);
                }
                b'/' => self.enter(State::TagName),
                _ if byte.is_ascii_alphabetic() => {
                    self.enter(State::TagName);
                    return ControlFlow::Break(());
                }
                _ => {
                    self.enter(State::Text);
                    return ControlFlow::Break(());
                }
            },
            State::TagName => match byte {
                b'>' => self.tag_ends(),
                b'/' | b' ' | b'\t' | b'\r' | b'\n' => self.enter(State::InTag),
                _ => keep(&mut self.tag, lower),
            },
            State::InTag => match byte {
                b'>' => self.tag_ends(),
                b'/' | b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => {
                    self.enter(State::AttrName);
                    return ControlFlow::Break(());
                }
            },
            State::AttrName => match byte {
                b'>' => self.tag_ends(),
                b'=' => self.enter(State::BeforeValue),
                // `name = value` is rare; a name after a space starts anew and an `=` still follows it.
                b'/' | b' ' | b'\t' | b'\r' | b'\n' => self.state = State::InTag,
                _ => keep(&mut self.attr, lower),
            },
            State::BeforeValue => match byte {
                b'>' => self.tag_ends(),
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'"' | b'\'' => self.enter(State::Value(byte)),
                _ => {
                    self.enter(State::Value(0));
                    return ControlFlow::Break(());
                }
            },
            State::Value(0) => match byte {
                b'>' => self.value_ends(true),
                b' ' | b'\t' | b'\r' | b'\n' => self.value_ends(false),
                _ => keep(&mut self.value, lower),
            },
            State::Value(quote) => {
                if byte == quote {
                    self.value_ends(false);
                } else {
                    keep(&mut self.value, lower);
                }
            }
            State::Bogus => {
                keep(&mut self.tail, byte);
                if self.tail == "--" {
                    self.tail.clear();
                    self.enter(State::Comment);
                } else if byte == b'>' {
                    self.enter(State::Text);
                }
            }
            State::Comment => {
                self.remember(byte, 3);
                if self.tail == "-->" {
                    self.enter(State::Text);
                }
            }
            State::Raw => {
                let end = self.tag.len() + 2;
                self.remember(lower, end);
                if self.tail.len() == end
                    && self.tail.starts_with("</")
                    && self.tail.ends_with(&self.tag)
                {
                    // The rest of the closing tag.
                    self.enter(State::InTag);
                    self.tag.clear();
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn enter(&mut self, state: State) {
        match state {
            State::TagStart => {
                self.tag.clear();
                self.data_script = false;
            }
            State::AttrName => self.attr.clear(),
            State::Value(_) | State::BeforeValue => self.value.clear(),
            State::Raw | State::Comment => self.tail.clear(),
            State::Text | State::TagName | State::InTag | State::Bogus => {}
        }
        self.state = state;
    }

    fn value_ends(&mut self, tag_too: bool) {
        if self.tag == "script" && self.attr == "type" {
            let value = self.value.trim();
            self.data_script =
                !(value.is_empty() || value == "module" || value.contains("javascript"));
        }
        self.enter(State::InTag);
        if tag_too {
            self.tag_ends();
        }
    }

    fn tag_ends(&mut self) {
        let raw = matches!(self.tag.as_str(), "script" | "style" | "textarea" | "title");
        self.enter(if raw { State::Raw } else { State::Text });
    }

    /// Keeps the last `len` bytes.
    fn remember(&mut self, byte: u8, len: usize) {
        if self.tail.len() >= len {
            self.tail.remove(0);
        }
        self.tail.push(if byte.is_ascii() {
            char::from(byte)
        } else {
            '?'
        });
    }
}

/// The context of an attribute's value after `before`.
pub(crate) fn attribute(tag: &str, attr: &str, before: &str) -> &'static str {
    if attr.starts_with("on") {
        return context::SCRIPT;
    }
    if attr == "style" {
        return context::STYLE;
    }
    if !leads_somewhere(tag, attr) {
        return context::ATTR;
    }
    let before = before.trim_start();
    if before.is_empty() {
        context::URL
    } else if before.starts_with("javascript:") {
        context::SCRIPT
    } else {
        context::ATTR
    }
}

/// Whether the value is an address that a browser follows or runs. Images and media are only shown.
fn leads_somewhere(tag: &str, attr: &str) -> bool {
    match attr {
        "href" | "xlink:href" | "action" | "formaction" => true,
        "src" => !matches!(
            tag,
            "img" | "audio" | "video" | "source" | "track" | "input"
        ),
        "data" => tag == "object",
        _ => false,
    }
}

fn unquoted(context: &'static str) -> &'static str {
    match context {
        // Escaping does not keep a value without quotes together, whatever it means.
        context::ATTR | context::URL => context::UNQUOTED,
        other => other,
    }
}

fn keep(text: &mut String, byte: u8) {
    if text.len() < MAX_KEPT {
        text.push(if byte.is_ascii() {
            char::from(byte)
        } else {
            '?'
        });
    }
}

/// Whether the folders or the name of a template say that it writes messages.
fn is_message(path: &str) -> bool {
    let words = path.split(|c: char| !c.is_ascii_alphabetic());
    words.map(str::to_ascii_lowercase).any(|word| {
        matches!(
            word.as_str(),
            "email"
                | "emails"
                | "mail"
                | "mails"
                | "mailer"
                | "message"
                | "messages"
                | "sms"
                | "subject"
        )
    })
}

/// Whether there is anything of HTML in a text, or another template that may bring some.
fn has_markup(text: &str) -> bool {
    let begins = |c: u8| c.is_ascii_alphabetic() || matches!(c, b'/' | b'!');
    let tags = text
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'<', c] if begins(*c)));
    tags || ["extends", "include", "layout", "{{>"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether a template makes something else than a page, by the extension before its own: `package.json.ejs`, `mail.txt.njk`.
fn makes_no_page(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut parts = name.rsplit('.');
    let _engine = parts.next();
    let (Some(kind), true) = (parts.next(), parts.next().is_some()) else {
        return false;
    };
    matches!(
        kind.to_ascii_lowercase().as_str(),
        "txt"
            | "text"
            | "json"
            | "js"
            | "cjs"
            | "mjs"
            | "ts"
            | "jsx"
            | "tsx"
            | "css"
            | "scss"
            | "sass"
            | "less"
            | "sql"
            | "md"
            | "yml"
            | "yaml"
            | "toml"
            | "ini"
            | "conf"
            | "env"
            | "sh"
            | "csv"
            | "py"
            | "go"
            | "rb"
            | "java"
            | "graphql"
            | "prisma"
            | "vue"
    )
}

#[cfg(test)]
mod tests {
    use super::Html;

    /// The contexts of the `@` in a text.
    fn contexts(text: &str) -> Vec<&'static str> {
        let mut html = Html::new("page.ejs");
        let mut found = Vec::new();
        for (i, piece) in text.split('@').enumerate() {
            if i > 0 {
                found.push(html.context());
                html.hole();
            }
            html.feed(piece);
        }
        found
    }

    #[test]
    fn text_and_attributes() {
        assert_eq!(contexts("<p>@</p> a < b @"), ["html.text", "html.text"]);
        assert_eq!(
            contexts("<input value=\"@\" title='a @ b'>"),
            ["html.attr", "html.attr"]
        );
        assert_eq!(
            contexts("<input value=@ class=x@ @>@"),
            [
                "html.attr.unquoted",
                "html.attr.unquoted",
                "html.attr.unquoted",
                "html.text"
            ]
        );
        assert_eq!(
            contexts("<!-- <script> @ --> @ <!doctype @>"),
            ["html.text"; 3]
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(
            contexts("<a href=\"@\"><a href=' @/x'>"),
            ["html.url", "html.url"]
        );
        assert_eq!(
            contexts("<a href=\"/u/@\"><a href=\"@@\">"),
            ["html.attr", "html.url", "html.attr"]
        );
        assert_eq!(
            contexts("<img src=\"@\"><iframe src=\"@\">"),
            ["html.attr", "html.url"]
        );
        assert_eq!(
            contexts("<a href=@><a href=\"javascript:f(@)\">"),
            ["html.attr.unquoted", "html.script"]
        );
    }

    #[test]
    fn scripts_and_styles() {
        assert_eq!(
            contexts("<SCRIPT>var a = '@'; a </b> @</SCRIPT>@"),
            ["html.script", "html.script", "html.text"]
        );
        assert_eq!(
            contexts("<script type=\"text/template\">@</script>"),
            ["html.text"]
        );
        assert_eq!(contexts("<script type=module>@</script>"), ["html.script"]);
        assert_eq!(
            contexts("<a onclick=\"f('@')\" style=\"@\">"),
            ["html.script", "html.style"]
        );
        assert_eq!(
            contexts("<style>a{color:@}</style>@<title>@</title>@"),
            ["html.style", "html.text", "html.text", "html.text"]
        );
    }

    #[test]
    fn other_files_than_pages() {
        assert_eq!(Html::new("a/package.json.ejs").context(), "text");
        assert_eq!(Html::new("a/page.html.ejs").context(), "html.text");
        assert_eq!(Html::new("a/page.ejs").context(), "html.text");
        let of = |path, text| Html::of(path, text).context();
        assert_eq!(of("a/emails/subject.html", "Hello {{ name|safe }}"), "text");
        assert_eq!(
            of("a/emails/body.html", "<p>{{ name|safe }}</p>"),
            "html.text"
        );
        assert_eq!(
            of("a/emails/body.html", "{% extends 'a' %}{{ b|safe }}"),
            "html.text"
        );
        assert_eq!(
            of("a/pages/name.html", "Hello {{ name|safe }}"),
            "html.text"
        );
    }
}
