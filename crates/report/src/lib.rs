//! An assessment as text, JSON, Markdown or SARIF
