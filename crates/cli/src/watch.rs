//! Progress for somebody who waits, and what each stage took.

use casemate_assess::stage::Stage;
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Nobody wants to read about a run that is over at once.
const PATIENCE: Duration = Duration::from_millis(400);

/// Watches the stages of a run.
pub struct Watch {
    shown: bool,
    begun: Instant,
    stages: Mutex<Vec<(String, Instant)>>,
    later: Mutex<Vec<(String, Duration)>>,
}

impl Watch {
    /// A watch that shows progress on stderr, or only measures.
    pub fn new(shown: bool) -> Self {
        Self {
            shown,
            begun: Instant::now(),
            stages: Mutex::default(),
            later: Mutex::default(),
        }
    }

    /// A stage begins.
    pub fn begins(&self, stage: Stage) {
        let words = stage.words();
        if self.shown && stage != Stage::Done && self.begun.elapsed() > PATIENCE {
            // One line that is written over.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{words} …");
        }
        if let Ok(mut stages) = self.stages.lock() {
            stages.push((words, Instant::now()));
        }
    }

    /// Measures what comes after the stages: a report that is written.
    pub fn measured<T>(&self, what: String, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let out = work();
        if let Ok(mut later) = self.later.lock() {
            later.push((what, begun.elapsed()));
        }
        out
    }

    /// Takes the progress line away.
    pub fn ends(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }

    /// What each stage took, in order.
    pub fn took(&self) -> Vec<(String, Duration)> {
        let Ok(stages) = self.stages.lock() else {
            return Vec::new();
        };
        let ends = stages.iter().skip(1).map(|(_, at)| *at);
        stages
            .iter()
            .zip(ends)
            .map(|((words, begun), end)| (words.clone(), end.duration_since(*begun)))
            .chain(
                self.later
                    .lock()
                    .into_iter()
                    .flat_map(|later| later.clone()),
            )
            .collect()
    }
}
