//! Lines of questions to lines of decisions.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use serde_json::json;

use super::desk::Desk;
use super::question::Question;
use super::routing::Routing;
use crate::{Error, Result};

/// What became of the lines of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCount {
    /// Questions decided.
    pub decided: usize,
    /// Lines that are no question.
    pub refused: usize,
}

impl Desk<'_> {
    /// Decides the question of each line ([`Question::from_line`]) and writes the decision as a line of JSON,
    /// in the order of the input; a batch of lines goes through the model together, and is written before more
    /// are read. A line that is no question becomes `{"line": n, "error": why}`, and the rest goes on.
    /// The input comes with its name in messages and the lines of a batch.
    ///
    /// # Errors
    /// [`Error::Io`] for an input that cannot be read or an output that cannot be written;
    /// [`Desk::check`]'s and [`Desk::score`]'s.
    pub fn answer(
        &self,
        routing: &Routing,
        (mut input, source, batch): (impl BufRead, &str, usize),
        mut output: impl Write,
    ) -> Result<LineCount> {
        self.check(routing, "routing")?;
        let io = |source: &str| {
            let path = PathBuf::from(source);
            move |source| Error::Io { path, source }
        };
        let (mut count, mut number) = (LineCount::default(), 0_u64);
        loop {
            let mut lines: Vec<(u64, Result<Question, String>)> = Vec::new();
            while lines.len() < batch.max(1) {
                let mut bytes = Vec::new();
                if input.read_until(b'\n', &mut bytes).map_err(io(source))? == 0 {
                    break;
                }
                number += 1;
                lines.push((number, question(&bytes)));
            }
            if lines.is_empty() {
                return Ok(count);
            }
            let asked = lines.iter().filter_map(|(_, line)| line.as_ref().ok());
            let texts: Vec<&str> = asked.map(|question| question.text.as_str()).collect();
            let mut scored = self.score(&texts)?.into_iter();
            for (number, line) in lines {
                let answer = match line {
                    Ok(question) => scored.next().map(|scored| {
                        count.decided += 1;
                        json!(self.decide(routing, question, &scored))
                    }),
                    Err(error) => {
                        count.refused += 1;
                        Some(json!({ "line": number, "error": error }))
                    }
                };
                if let Some(answer) = answer {
                    writeln!(output, "{answer}").map_err(io("the output"))?;
                }
            }
            output.flush().map_err(io("the output"))?;
        }
    }
}

fn question(bytes: &[u8]) -> Result<Question, String> {
    let line = std::str::from_utf8(bytes).map_err(|error| {
        format!("not UTF-8 from byte {} of the line on", error.valid_up_to() + 1)
    })?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    Question::from_line(line.strip_suffix('\r').unwrap_or(line)).map_err(|fault| fault.to_string())
}
