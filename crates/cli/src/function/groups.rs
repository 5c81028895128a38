//! Lines of a log, put together by invocation.

use std::collections::VecDeque;

use serde_json::Value;

use crate::terminal::{Colours, plain, utc};

/// Invocations whose end is waited for; the oldest is shown as it is when there are more. (ours)
const OPEN: usize = 256;

/// Invocations that go on.
#[derive(Default)]
pub(super) struct Groups {
    open: VecDeque<Group>,
}

/// One invocation, or lines of none.
#[derive(Debug, Default)]
pub(super) struct Group {
    request_id: Option<String>,
    /// The lines as they came.
    pub(super) lines: Vec<Value>,
    duration: Option<String>,
    error: Option<String>,
    verdict: Option<String>,
    /// Its report was there when lines were last looked for: what belongs to it has come.
    settled: bool,
}

impl Groups {
    /// Takes a line; gives what is shown now.
    pub(super) fn take(&mut self, line: Value) -> Vec<Group> {
        let id = line.get("requestId").and_then(Value::as_str).map(str::to_owned);
        let mut shown = Vec::new();
        let at = match &id {
            Some(_) => self.open.iter().position(|group| group.request_id == id),
            // Lines of no invocation stand together as long as nothing is between them.
            None => self.open.len().checked_sub(1).filter(|last| {
                self.open.get(*last).is_some_and(|group| group.request_id.is_none())
            }),
        };
        match at.and_then(|at| self.open.get_mut(at)) {
            Some(group) => group.add(line),
            None => {
                if self.open.len() >= OPEN {
                    shown.extend(self.open.pop_front());
                }
                let mut group = Group { request_id: id, ..Group::default() };
                group.add(line);
                self.open.push_back(group);
            }
        }
        shown
    }

    /// What has ended, once all was read that there is. What follows a report, such as a hook's
    /// verdict, may come a moment later: a group is given one further look.
    pub(super) fn ended(&mut self) -> Vec<Group> {
        let mut ended = Vec::new();
        for mut group in std::mem::take(&mut self.open) {
            if group.settled {
                ended.push(group);
            } else {
                group.settled = group.duration.is_some() || group.request_id.is_none();
                self.open.push_back(group);
            }
        }
        ended
    }

    /// Everything.
    pub(super) fn rest(&mut self) -> Vec<Group> {
        std::mem::take(&mut self.open).into()
    }
}

impl Group {
    fn add(&mut self, line: Value) {
        if stream(&line) == "platform" {
            let message = message(&line);
            let (kind, rest) = message.split_once(' ').unwrap_or((message, ""));
            let text = rest.split_once(' ').and_then(|(_, rest)| rest.split_once(' '));
            let text = text.map(|(_, text)| text.to_owned());
            match kind {
                "REPORT" => self.duration = Some(duration(rest)),
                "ERROR" => self.error = Some(error(text.as_deref().unwrap_or(rest))),
                "VERDICT" => self.verdict = text,
                "NOT" => self.error = Some(message.to_owned()),
                _ => {}
            }
        }
        self.lines.push(line);
    }

    /// Whether it failed, was not invoked, or refused a device.
    pub(super) fn is_bad(&self) -> bool {
        let refused = |verdict: &String| verdict.starts_with("refused");
        self.error.is_some() || self.verdict.as_ref().is_some_and(refused)
    }

    /// For people: a heading, then what was printed.
    pub(super) fn text(&self, colours: Colours) -> String {
        let first = self.lines.first();
        let time = first.and_then(|line| line.get("time")?.as_i64()).map(utc).unwrap_or_default();
        let version = first.and_then(|line| line.get("version")?.as_str()).unwrap_or_default();
        let mut heading = format!("{}  {}", colours.bold(&time), plain(version));
        if let Some(id) = &self.request_id {
            heading.push_str(&format!("  {}", plain(id)));
        }
        let outcome = match (&self.error, &self.duration) {
            (Some(_), _) => colours.red("failed"),
            (None, Some(_)) => colours.green("ok"),
            (None, None) if self.request_id.is_some() => colours.yellow("no end yet"),
            (None, None) => String::new(),
        };
        heading.push_str(&format!("  {outcome}"));
        if let Some(duration) = &self.duration {
            heading.push_str(&format!("  {}", colours.faint(duration)));
        }
        let mut text = heading.trim_end().to_owned() + "\n";
        for line in &self.lines {
            let shown = plain(message(line));
            let (name, shown) = match stream(line) {
                "stdout" => ("stdout", shown),
                "stderr" => ("stderr", colours.yellow(&shown)),
                _ if is_frame(message(line)) => continue,
                _ => ("server", colours.faint(&shown)),
            };
            text.push_str(&format!("  {}  {shown}\n", colours.faint(name)));
        }
        for (name, told) in [("reason", &self.error), ("verdict", &self.verdict)] {
            if let Some(told) = told {
                let told = if self.is_bad() { colours.red(&plain(told)) } else { plain(told) };
                text.push_str(&format!("  {}  {told}\n", colours.faint(name)));
            }
        }
        text
    }
}

fn stream(line: &Value) -> &str {
    line.get("stream").and_then(Value::as_str).unwrap_or_default()
}

fn message(line: &Value) -> &str {
    line.get("message").and_then(Value::as_str).unwrap_or_default()
}

/// What the heading and the reason say already.
fn is_frame(message: &str) -> bool {
    ["START ", "END ", "REPORT ", "ERROR ", "VERDICT ", "NOT INVOKED "]
        .iter()
        .any(|start| message.starts_with(start))
}

fn duration(report: &str) -> String {
    let found = report.split('\t').find_map(|part| part.strip_prefix("Duration: "));
    found.unwrap_or_default().to_owned()
}

/// Lambda's error as type and message; its stack trace is left to `--output json`.
fn error(text: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    match (member("errorType"), member("errorMessage")) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (kind, message) => kind.or(message).unwrap_or(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(id: Option<&str>, stream: &str, message: &str) -> Value {
        json!({"time": 0, "version": "$LATEST", "requestId": id, "stream": stream,
            "message": message})
    }

    fn taken(groups: &mut Groups, id: &str, lines: &[(&str, &str)]) {
        for (stream, message) in lines {
            assert!(groups.take(line(Some(id), stream, message)).is_empty());
        }
    }

    const REPORT: &str = "REPORT RequestId: a\tDuration: 1.50 ms\tMemory Size: 128 MB";

    #[test]
    fn two_invocations_at_once_are_told_apart() {
        let mut groups = Groups::default();
        taken(&mut groups, "a", &[("platform", "START RequestId: a"), ("stdout", "one")]);
        taken(&mut groups, "b", &[("platform", "START RequestId: b"), ("stderr", "two")]);
        taken(&mut groups, "a", &[("platform", "END RequestId: a"), ("platform", REPORT)]);
        let shown: Vec<String> =
            groups.rest().iter().map(|group| group.text(Colours::none())).collect();
        assert_eq!(
            shown,
            [
                "1970-01-01 00:00:00.000Z  $LATEST  a  ok  1.50 ms\n  stdout  one\n",
                "1970-01-01 00:00:00.000Z  $LATEST  b  no end yet\n  stderr  two\n",
            ]
        );
    }

    #[test]
    fn a_failure_and_a_refusal_are_bad_and_say_why() {
        let mut groups = Groups::default();
        let error = r#"ERROR RequestId: a {"errorType": "KeyError", "errorMessage": "no 'x'"}"#;
        taken(&mut groups, "a", &[("platform", error), ("platform", REPORT)]);
        taken(&mut groups, "b", &[("platform", "VERDICT RequestId: b refused client c")]);
        taken(&mut groups, "c", &[("platform", "VERDICT RequestId: c allowed client c")]);
        let shown: Vec<(bool, String)> = groups
            .rest()
            .iter()
            .map(|group| (group.is_bad(), group.text(Colours::none())))
            .collect();
        let (bad, text) = &shown[0];
        assert!(*bad && text.ends_with("  reason  KeyError: no 'x'\n"), "{text}");
        let (bad, text) = &shown[1];
        assert!(*bad && text.ends_with("  verdict  refused client c\n"), "{text}");
        assert!(!shown[2].0);
    }

    #[test]
    fn what_was_printed_steers_no_terminal() {
        let mut groups = Groups::default();
        taken(&mut groups, "a", &[("stdout", "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}txt\tx")]);
        let text = groups.rest()[0].text(Colours::none());
        let (_, shown) = text.split_once('\n').unwrap();
        assert_eq!(shown, "  stdout  \\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}txt x\n");
    }

    #[test]
    fn who_follows_sees_an_invocation_once_it_ended_and_its_verdict_with_it() {
        let mut groups = Groups::default();
        taken(&mut groups, "a", &[("platform", REPORT)]);
        assert!(groups.ended().is_empty());
        taken(&mut groups, "a", &[("platform", "VERDICT RequestId: a allowed client c")]);
        let ended = groups.ended();
        assert_eq!(ended.len(), 1);
        assert!(ended[0].text(Colours::none()).contains("allowed client c"));
        assert!(groups.ended().is_empty() && groups.rest().is_empty());
    }

    #[test]
    fn no_more_than_a_bound_wait_for_their_end() {
        let mut groups = Groups::default();
        let shown: usize = (0..OPEN + 3)
            .map(|id| groups.take(line(Some(&id.to_string()), "stdout", "x")).len())
            .sum();
        assert_eq!((shown, groups.rest().len()), (3, OPEN));
    }
}
