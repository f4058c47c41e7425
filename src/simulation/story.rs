//! The story of a scenario: what happened when, line by line. It is written only when somebody will read it.

/// The lines of a story.
pub(super) struct Story(Option<Vec<String>>);

impl Story {
    /// Begins a story, or one that has no reader.
    pub(super) fn new(is_told: bool) -> Self {
        Self(is_told.then(Vec::new))
    }

    /// Adds a line. `tell` runs only if the story is read.
    pub(super) fn add(&mut self, now: u64, tell: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            lines.push(format!("{:>9.3} s  {}", now as f64 / 1_000.0, tell()));
        }
    }

    /// Returns whether the story is read.
    pub(super) fn is_told(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the lines.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}

/// Returns the lines that speak of one of these subjects: ids, names, calls.
pub(super) fn about(lines: &[String], subjects: &[String]) -> Vec<String> {
    let speaks = |line: &&String| subjects.iter().any(|subject| line.contains(subject.as_str()));
    lines.iter().filter(speaks).cloned().collect()
}
