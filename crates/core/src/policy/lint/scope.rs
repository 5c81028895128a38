//! What a statement says of accounts and regions, held against those of this installation.

use super::super::condition::Condition;
use super::super::statement::{Principals, Statement};
use super::LintKind;
use super::rules::Lints;
use crate::arn::{AccountScope, ArnDoubt, placeholder};

impl Lints {
    /// Resources, principals and conditions.
    pub(super) fn scope(&mut self, statement: &Statement, scope: Option<&AccountScope>) {
        for pattern in statement.resources.iter().flat_map(|list| &list.patterns) {
            self.arn(pattern.source(), scope);
        }
        if let Some(Principals::These(these)) = &statement.principals {
            for (_, id) in these.iter().filter(|(kind, _)| **kind != *"Service") {
                self.arn(id, scope);
                self.account(id, "The principal", scope);
            }
        }
        // A negated operator holds for what is elsewhere.
        for condition in statement.conditions.iter().filter(|one| !one.operator.negated) {
            self.operands(condition, scope);
        }
    }

    fn operands(&mut self, condition: &Condition, scope: Option<&AccountScope>) {
        let key = condition.key.to_string();
        let of_accounts = key.to_ascii_lowercase().ends_with("account");
        for operand in &condition.operands {
            let source = operand.pattern.source();
            self.arn(source, scope);
            if of_accounts {
                self.account(source, &format!("Condition {condition}"), scope);
            }
        }
    }

    fn arn(&mut self, source: &str, scope: Option<&AccountScope>) {
        let Some(doubt) = ArnDoubt::of(source, scope) else { return };
        let kind = match doubt {
            ArnDoubt::Placeholder { .. } => LintKind::Placeholder,
            ArnDoubt::OtherScope { .. } => LintKind::OtherScope,
        };
        self.add(kind, doubt.to_string());
    }

    /// An account's number that stands alone.
    fn account(&mut self, text: &str, at: &str, scope: Option<&AccountScope>) {
        if text.starts_with("arn:") {
            return;
        }
        if let Some(part) = placeholder(text) {
            let message = format!("{at} has the placeholder '{part}'; write the account.");
            return self.add(LintKind::Placeholder, message);
        }
        let Some(scope) = scope else { return };
        let number = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if number && text != scope.account.as_str() {
            let ours = &scope.account;
            let message = format!(
                "{at} is never met here: this installation's account is {ours}, not {text}."
            );
            self.add(LintKind::OtherScope, message);
        }
    }
}
