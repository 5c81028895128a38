//! A file of access keys as AWS's SDKs and command line share it.
//!
//! AWS: SDKs and Tools reference guide, "Format of the shared credentials file".

use std::fmt;

/// An access key, as it stands in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessKey<'a> {
    /// `aws_access_key_id`.
    pub id: &'a str,
    /// `aws_secret_access_key`.
    pub secret: &'a str,
    /// `aws_session_token`, of temporary credentials.
    pub session_token: Option<&'a str>,
}

impl fmt::Debug for AccessKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a profile says; a configuration file of AWS's has the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Profile<'a> {
    /// Its access key.
    pub key: Option<AccessKey<'a>>,
    /// `region`.
    pub region: Option<&'a str>,
    /// `endpoint_url`.
    pub endpoint_url: Option<&'a str>,
    /// `ca_bundle`.
    pub ca_bundle: Option<&'a str>,
}

/// The profile of this name, or the first that has a key; `None` when there is none.
pub fn profile<'a>(text: &'a str, name: Option<&str>) -> Option<Profile<'a>> {
    // Sections begin at a line's first bracket; what stands before the first is of none.
    let mut sections: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            sections.push((header.split(']').next().unwrap_or_default().trim(), Vec::new()));
        } else if let (Some((_, members)), Some((name, value))) =
            (sections.last_mut(), line.split_once('='))
        {
            members.push((name.trim(), value.trim()));
        }
    }
    sections.iter().find_map(|(header, members)| {
        let member = |name: &str| {
            members.iter().rev().find(|(member, _)| *member == name).map(|(_, value)| *value)
        };
        let id_and_secret = member("aws_access_key_id").zip(member("aws_secret_access_key"));
        let session_token = member("aws_session_token");
        let key = id_and_secret.map(|(id, secret)| AccessKey { id, secret, session_token });
        let is_meant = name.map_or(key.is_some(), |name| name == *header);
        is_meant.then(|| Profile {
            key,
            region: member("region"),
            endpoint_url: member("endpoint_url"),
            ca_bundle: member("ca_bundle"),
        })
    })
}

/// The access key of the first profile that has one.
pub fn read(text: &str) -> Option<AccessKey<'_>> {
    let (mut id, mut secret, mut session_token) = (None, None, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            if id.is_some() && secret.is_some() {
                break;
            }
            (id, secret, session_token) = (None, None, None);
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let member = match name.trim() {
            "aws_access_key_id" => &mut id,
            "aws_secret_access_key" => &mut secret,
            "aws_session_token" => &mut session_token,
            _ => continue,
        };
        member.get_or_insert(value.trim());
    }
    Some(AccessKey { id: id?, secret: secret?, session_token })
}

/// How clients of AWS reach a server, as members of a profile.
///
/// AWS: SDKs and Tools reference guide, "Region", "Service-specific endpoints". Command lines and
/// SDKs that do not know `endpoint_url` (before the middle of 2023) pass over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileEndpoint {
    /// `region`, of every signature.
    pub region: String,
    /// `endpoint_url`, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// `ca_bundle`: file with the certificates that are trusted, where the URL is https.
    pub ca_bundle: Option<String>,
}

/// The text of a file whose first profile has these members and keeps its others; a member that is
/// not wanted is taken out. The text as it was if that says the same already, or holds no profile.
pub fn with_endpoint(text: &str, endpoint: &ProfileEndpoint) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let Some(header) = lines.iter().position(|line| line.trim().starts_with('[')) else {
        return text.to_owned();
    };
    let first = header + 1;
    let body = lines.iter().skip(first);
    let length = body.take_while(|line| !line.trim().starts_with('[')).count();
    let ours = ["region", "endpoint_url", "ca_bundle"];
    let is_ours =
        |line: &&str| line.split_once('=').is_some_and(|(name, _)| ours.contains(&name.trim()));
    let mut profile: Vec<&str> = lines.drain(first..first + length).collect();
    profile.retain(|line| !is_ours(line));
    let set = [
        Some(format!("region = {}", endpoint.region)),
        Some(format!("endpoint_url = {}", endpoint.url)),
        endpoint.ca_bundle.as_ref().map(|file| format!("ca_bundle = {file}")),
    ];
    let end = profile.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let (members, blank) = profile.split_at(end);
    let set: Vec<&str> = set.iter().flatten().map(String::as_str).collect();
    lines.splice(first..first, [members, &set, blank].concat());
    lines.join("\n") + "\n"
}

/// A file with one access key, of the profile `default`.
pub fn write(id: &str, secret: &str) -> String {
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = write("AKIA1", "a/b+c=");
        assert_eq!(
            read(&text),
            Some(AccessKey { id: "AKIA1", secret: "a/b+c=", session_token: None })
        );
    }

    #[test]
    fn the_first_profile_with_a_key_counts_and_is_not_mixed_with_others() {
        let two = "# keys\n[a]\nregion = x\n[b]\n aws_access_key_id=1\naws_secret_access_key =2\n\
                   [c]\naws_access_key_id = 3\naws_secret_access_key = 4\naws_session_token = 5\n";
        assert_eq!(read(two), Some(AccessKey { id: "1", secret: "2", session_token: None }));
        let (_, temporary) = two.split_at(two.find("[c]").unwrap());
        assert_eq!(read(temporary).unwrap().session_token, Some("5"));
    }

    #[test]
    fn a_profile_is_found_by_its_name_or_its_key() {
        let text = "[none]\nregion = x\n[a]\naws_access_key_id = 1\naws_secret_access_key = 2\n\
                    [profile b]\nregion = y\nendpoint_url = http://h:1\n ca_bundle=/c\n";
        assert_eq!(profile(text, None).and_then(|it| it.key).map(|key| key.id), Some("1"));
        assert_eq!(profile(text, Some("none")).and_then(|it| it.region), Some("x"));
        let b = profile(text, Some("profile b")).unwrap();
        assert_eq!(
            (b.key, b.region, b.endpoint_url, b.ca_bundle),
            (None, Some("y"), Some("http://h:1"), Some("/c"))
        );
        assert_eq!(profile(text, Some("c")), None);
    }

    #[test]
    fn an_endpoint_is_set_in_the_first_profile_and_nothing_else_changes() {
        let endpoint = |url: &str, ca: Option<&str>| ProfileEndpoint {
            region: "eu-1".into(),
            url: url.into(),
            ca_bundle: ca.map(str::to_owned),
        };
        let plain = endpoint("http://127.0.0.1:8080", None);
        let tls = endpoint("https://localhost:8443", Some("/d/root-ca.pem"));
        let key = write("1", "2");
        let set = with_endpoint(&key, &plain);
        assert_eq!(set, key.clone() + "region = eu-1\nendpoint_url = http://127.0.0.1:8080\n");
        assert_eq!(with_endpoint(&set, &plain), set);
        let moved = with_endpoint(&set, &tls);
        assert!(moved.ends_with("https://localhost:8443\nca_bundle = /d/root-ca.pem\n"), "{moved}");
        assert_eq!(with_endpoint(&moved, &plain), set);
        assert_eq!(read(&moved), read(&key));

        let others = "# mine\n[default]\nregion=x\noutput = json\n\n[b]\nendpoint_url = http://b\n";
        assert_eq!(
            with_endpoint(others, &plain),
            "# mine\n[default]\noutput = json\nregion = eu-1\nendpoint_url = http://127.0.0.1:8080\n\
             \n[b]\nendpoint_url = http://b\n"
        );
        assert_eq!(with_endpoint("nothing", &plain), "nothing");
    }

    #[test]
    fn half_a_key_is_none() {
        for text in
            ["", "aws_access_key_id = 1", "[a]\naws_access_key_id=1\n[b]\naws_secret_access_key=2"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", read(&write("id", "hidden"))).contains("hidden"));
    }
}
