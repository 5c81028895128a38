//! A rehearsal as text.

use std::fmt::Write;

use serde_json::Value;

use crate::terminal::{Colours, plain};

/// The response of `POST /fleetwright/hook-test`, whole.
pub(super) fn text(answer: &Value, colours: Colours) -> String {
    let mut out = Out { text: String::new(), colours };
    out.hook(answer.get("hook"));
    out.plan(answer.get("plan"));
    out.role(answer.get("role"));
    for remark in list(answer.get("remarks")) {
        out.line("Remark", &colours.yellow(&scalar(remark)));
    }
    out.end(answer.get("refused"));
    out.text
}

struct Out {
    text: String,
    colours: Colours,
}

impl Out {
    fn line(&mut self, name: &str, value: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "{} {value}", self.colours.bold(&format!("{name:<12}")));
    }

    fn more(&mut self, value: &str) {
        let _ = writeln!(self.text, "{:12} {value}", "");
    }

    fn hook(&mut self, hook: Option<&Value>) {
        let Some(hook) = hook.filter(|hook| hook.is_object()) else {
            return self.line("Hook", "none");
        };
        self.line("Hook", &member(hook, "targetArn"));
        let verdict = member(hook, "verdict");
        let shown = match verdict.as_str() {
            "allow" => self.colours.green(&verdict),
            _ => self.colours.red(&verdict),
        };
        let took = self.colours.faint(&format!("after {} ms", member(hook, "durationMillis")));
        self.line("Verdict", &format!("{shown} {took}"));
        if let Some(reason) = hook.get("reason").and_then(Value::as_str) {
            self.more(&plain(reason));
        }
        if let Some(id) = hook.get("requestId").and_then(Value::as_str) {
            self.line("Invocation", &plain(id));
        }
        self.pairs("Overrides", hook.get("parameterOverrides"));
        let log = hook.get("log").and_then(Value::as_str).unwrap_or_default();
        for (index, line) in log.lines().enumerate() {
            let line = self.colours.faint(&plain(line));
            if index == 0 { self.line("Log", &line) } else { self.more(&line) }
        }
    }

    fn plan(&mut self, plan: Option<&Value>) {
        let Some(plan) = plan.filter(|plan| plan.is_object()) else { return };
        if let Some(thing) = plan.get("thing").filter(|thing| thing.is_object()) {
            self.line("Thing", &member(thing, "name"));
            for (name, key) in [("Type", "type"), ("Billing", "billingGroup")] {
                if let Some(value) = thing.get(key).and_then(Value::as_str) {
                    self.line(name, &plain(value));
                }
            }
            self.pairs("Attributes", thing.get("attributes"));
            self.names("Groups", thing.get("groups"));
        }
        if let Some(certificate) = plan.get("certificate") {
            self.line("Certificate", &member(certificate, "status"));
        }
        let policies = list(plan.get("policies"));
        let names: Vec<String> = policies.iter().map(|policy| member(policy, "name")).collect();
        if !names.is_empty() {
            self.line("Policies", &names.join(", "));
        }
        self.pairs("Device gets", plan.get("deviceConfiguration"));
    }

    fn role(&mut self, role: Option<&Value>) {
        let Some(role) = role else { return };
        let arn = member(role, "arn");
        let allows = match role.get("allows").and_then(Value::as_bool) {
            Some(true) => self.colours.green("allows this"),
            Some(false) => self.colours.red("does not allow this"),
            None => self.colours.faint("was not asked"),
        };
        self.line("Role", &format!("{arn} {allows}"));
    }

    fn end(&mut self, refused: Option<&Value>) {
        let Some(refused) = refused.filter(|refused| refused.is_object()) else {
            let yes = self.colours.green("would be registered");
            return self.line("The device", &yes);
        };
        let no = self.colours.red(&format!("would be refused by {}", step(refused)));
        self.line("The device", &no);
        let (code, message) = (member(refused, "errorCode"), member(refused, "errorMessage"));
        self.more(&format!("{} {code}: {message}", member(refused, "statusCode")));
        if let Some(cause) = refused.get("cause").and_then(Value::as_str) {
            self.more(&plain(cause));
        }
    }

    fn pairs(&mut self, name: &str, object: Option<&Value>) {
        let pairs = object.and_then(Value::as_object).into_iter().flatten();
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{}={}", plain(name), scalar(value))).collect();
        if !pairs.is_empty() {
            self.line(name, &pairs.join(", "));
        }
    }

    fn names(&mut self, name: &str, names: Option<&Value>) {
        let names: Vec<String> = list(names).iter().map(scalar).collect();
        if !names.is_empty() {
            self.line(name, &names.join(", "));
        }
    }
}

fn step(refused: &Value) -> &'static str {
    match refused.get("by").and_then(Value::as_str) {
        Some("enabled") => "the template, which is disabled",
        Some("hook") => "the hook",
        Some("template") => "the template",
        Some("role") => "the template's role",
        _ => "the server",
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn member(value: &Value, name: &str) -> String {
    value.get(name).map(scalar).unwrap_or_default()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}
