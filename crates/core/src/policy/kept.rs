//! What IAM asks, in its words, of a policy document that is to be kept, beyond the grammar.
//! Documents that are kept already stay as they are.

use super::document::{Document, Language};
use super::malformed::{MalformedPolicy, shown};

/// Partitions of AWS.
const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

impl Document {
    /// Reads an identity policy that is to be kept: as [`Document::parse_identity`], and its
    /// resources are ARNs and its statements' ids differ.
    ///
    /// # Errors
    /// [`MalformedPolicy`].
    pub fn parse_kept_identity(text: &str) -> Result<Self, MalformedPolicy> {
        let document = Self::parse_identity(text)?;
        let mut ids: Vec<&str> = Vec::new();
        for (index, statement) in document.statements.iter().enumerate() {
            if let Some(id) = statement.sid.as_deref().filter(|id| !id.is_empty()) {
                if ids.contains(&id) {
                    let rule = "Statement IDs (SID) in a single policy must be unique.";
                    return Err(MalformedPolicy::new(format!("Statement[{index}].Sid"), rule));
                }
                ids.push(id);
            }
            let resources = statement.resources.iter().flat_map(|list| &list.patterns);
            for resource in resources {
                arn(resource.source()).map_err(|rule| {
                    MalformedPolicy::new(format!("Statement[{index}].Resource"), rule)
                })?;
            }
        }
        Ok(document)
    }

    /// Reads a managed policy that is to be kept: as [`Self::parse_kept_identity`], in the language
    /// of 2012.
    ///
    /// # Errors
    /// [`MalformedPolicy`].
    pub fn parse_managed(text: &str) -> Result<Self, MalformedPolicy> {
        let document = Self::parse_kept_identity(text)?;
        match document.language {
            Language::Variables => Ok(document),
            Language::Without => Err(MalformedPolicy::new(
                "Version",
                "Policy document must be version 2012-10-17 or greater.",
            )),
        }
    }
}

/// Partition and service of a resource; the rest may be patterns, and left out.
fn arn(text: &str) -> Result<(), String> {
    if text == "*" {
        return Ok(());
    }
    let mut parts = text.splitn(4, ':');
    let (Some("arn"), Some(partition)) = (parts.next(), parts.next()) else {
        return Err(format!("Resource {} must be in ARN format or \"*\".", shown(text)));
    };
    if !partition.contains(['*', '?', '$']) && !PARTITIONS.contains(&partition) {
        let (partition, text) = (shown(partition), shown(text));
        return Err(format!("Partition \"{partition}\" is not valid for resource \"{text}\"."));
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match (parts.next(), parts.next()) {
        (Some(service), Some(_)) if !service.is_empty() && service.chars().all(word) => Ok(()),
        _ => Err(format!(
            "Resource vendor must be fully qualified and cannot contain regexes: {}.",
            shown(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: &str, resource: &str) -> String {
        let version = if version.is_empty() {
            String::new()
        } else {
            format!("\"Version\": \"{version}\", ")
        };
        format!(
            "{{{version}\"Statement\": [{{\"Sid\": \"a\", \"Effect\": \"Allow\", \"Action\": \"iot:*\", \
             \"Resource\": \"{resource}\"}}]}}"
        )
    }

    #[test]
    fn a_managed_policy_has_the_version_of_2012() {
        for version in ["", "2008-10-17"] {
            let error = Document::parse_managed(&document(version, "*")).unwrap_err();
            assert!(error.to_string().contains("must be version 2012-10-17 or greater"));
            assert!(Document::parse_kept_identity(&document(version, "*")).is_ok());
        }
        assert!(Document::parse_managed(&document("2012-10-17", "*")).is_ok());
    }

    #[test]
    fn resources_are_arns() {
        for right in [
            "*",
            "arn:aws:iot:us-east-1:123456789012:thing/a",
            "arn:aws:iot:*:*:*",
            "arn:aws:s3:::bucket/*",
            "arn:aws-cn:iot:*",
            "arn:*:iot:us-east-1:1:topic/a",
        ] {
            assert!(Document::parse_managed(&document("2012-10-17", right)).is_ok(), "{right}");
        }
        for (wrong, rule) in [
            ("*thing", "must be in ARN format"),
            ("arn:error:s3:::bucket", "Partition \\\"error\\\" is not valid"),
            ("arn:", "Partition"),
            ("arn:aws:", "Resource vendor"),
            ("arn:aws:*", "Resource vendor"),
            ("arn:aws:i*t:us-east-1:1:thing/a", "Resource vendor"),
            ("arn:aws::us-east-1:1:thing/a", "Resource vendor"),
        ] {
            let error = Document::parse_kept_identity(&document("2012-10-17", wrong));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(&rule.replace('\\', "")), "{wrong}: {error}");
        }
    }

    #[test]
    fn ids_of_statements_differ() {
        let statement =
            "{\"Sid\": \"a\", \"Effect\": \"Allow\", \"Action\": \"iot:*\", \"Resource\": \"*\"}";
        let twice =
            format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}, {statement}]}}");
        let error = Document::parse_kept_identity(&twice).unwrap_err().to_string();
        assert!(error.contains("must be unique"), "{error}");
    }
}
