//! How a command finds the control plane and its key: as AWS's own command line does, from options,
//! variables and profiles; without any, on this machine with `admin.credentials`.

use std::path::{Path, PathBuf};

use aws_credential_types::Credentials;
use fleetwright_core::credentials_file::{self, Profile};

use crate::api::{Api, ApiError, Door};

/// Where a server listens when nothing is said.
const HERE: &str = "http://127.0.0.1:8080";
/// Where it puts the administrator's key.
const ADMINISTRATOR: &str = "./fleetwright-data/admin.credentials";
const REGION: &str = "us-east-1";

/// How a command reaches the control plane.
#[derive(Debug, clap::Args)]
pub(crate) struct Reach {
    /// Address of the control plane, as --endpoint-url without its scheme
    #[arg(long, value_name = "ADDR", env = "FLEETWRIGHT_API")]
    api: Option<String>,
    /// URL of the control plane [default: AWS_ENDPOINT_URL, that of the profile,
    /// http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", conflicts_with = "api")]
    endpoint_url: Option<String>,
    /// Shared-credentials file with the access key [default: AWS_SHARED_CREDENTIALS_FILE, then
    /// ~/.aws/credentials with a profile, ./fleetwright-data/admin.credentials without]
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Profile of that file [default: AWS_PROFILE, or the first that has a key]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region of the server [default: AWS_REGION, AWS_DEFAULT_REGION, that of the profile, us-east-1]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

impl Reach {
    /// The control plane.
    pub(crate) fn open(&self) -> Result<Api, ApiError> {
        let found =
            self.find(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))?;
        Api::open(found)
    }

    /// Options win over variables, variables over the profile.
    fn find(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Door, ApiError> {
        let name = self.profile.clone().or_else(|| variable("AWS_PROFILE"));
        let home =
            |file: &str| variable("HOME").map(|home| Path::new(&home).join(".aws").join(file));
        // What names a file or a profile on the command line wants its key.
        let is_file_wanted = self.credentials.is_some() || self.profile.is_some();
        let key = (!is_file_wanted).then(|| of_variables(variable)).flatten();
        let file = self
            .credentials
            .clone()
            .or_else(|| variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from))
            .or_else(|| name.as_ref().and_then(|_| home("credentials")))
            .unwrap_or_else(|| ADMINISTRATOR.into());
        let read = std::fs::read_to_string(&file);
        let text = match (&key, read) {
            (_, Ok(text)) => text,
            (Some(_), Err(_)) => String::new(),
            (None, Err(error)) => {
                return Err(ApiError::new(format_args!("{}: {error}", file.display())));
            }
        };
        let profile = credentials_file::profile(&text, name.as_deref());
        let config = variable("AWS_CONFIG_FILE").map(PathBuf::from);
        let config = config.or_else(|| name.as_ref().and_then(|_| home("config")));
        let config = config.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let section = name.as_deref().map(|name| match name {
            "default" => name.to_owned(),
            name => format!("profile {name}"),
        });
        let section =
            credentials_file::profile(&config, Some(section.as_deref().unwrap_or("default")));
        let of_profile = |get: fn(&Profile<'_>) -> Option<String>| {
            profile.as_ref().and_then(get).or_else(|| section.as_ref().and_then(get))
        };
        let credentials = match key {
            Some(key) => key,
            None => of_file(profile.as_ref(), &file, name.as_deref())?,
        };
        let url = self.api.as_ref().map(|api| with_scheme(api));
        let url = url
            .or_else(|| self.endpoint_url.clone())
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .or_else(|| of_profile(|profile| profile.endpoint_url.map(str::to_owned)));
        let region = self
            .region
            .clone()
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| of_profile(|profile| profile.region.map(str::to_owned)));
        let ca_bundle = variable("AWS_CA_BUNDLE")
            .or_else(|| of_profile(|profile| profile.ca_bundle.map(str::to_owned)));
        Ok(Door {
            url: url.unwrap_or_else(|| HERE.to_owned()),
            region: region.unwrap_or_else(|| REGION.to_owned()),
            credentials,
            ca_bundle: ca_bundle.map(PathBuf::from),
        })
    }
}

fn with_scheme(address: &str) -> String {
    if address.contains("://") { address.to_owned() } else { format!("http://{address}") }
}

fn of_variables(variable: &dyn Fn(&str) -> Option<String>) -> Option<Credentials> {
    let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment"))
}

fn of_file(
    profile: Option<&Profile<'_>>,
    file: &Path,
    name: Option<&str>,
) -> Result<Credentials, ApiError> {
    let key = profile.and_then(|profile| profile.key).ok_or_else(|| match name {
        Some(name) => ApiError::new(format_args!(
            "{} holds no access key of the profile '{name}'",
            file.display()
        )),
        None => ApiError::new(format_args!("{} holds no access key", file.display())),
    })?;
    let token = key.session_token.map(str::to_owned);
    Ok(Credentials::new(key.id, key.secret, token, None, "shared credentials"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const FILE: &str = "[default]\naws_access_key_id = A\naws_secret_access_key = a\nregion = r-1\n\
        endpoint_url = http://h:1\n[other]\naws_access_key_id = B\naws_secret_access_key = b\n\
        ca_bundle = /ca.pem\n";

    fn reach() -> Reach {
        Reach { api: None, endpoint_url: None, credentials: None, profile: None, region: None }
    }

    /// URL, region, key and CA bundle that are found; `FILE` is the shared-credentials file.
    fn found(reach: &Reach, variables: &[(&str, &str)]) -> Result<[String; 4], String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("credentials");
        std::fs::write(&file, FILE).unwrap();
        let mut known: HashMap<&str, String> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        known.insert("AWS_SHARED_CREDENTIALS_FILE", file.display().to_string());
        let door =
            reach.find(&|name| known.get(name).cloned()).map_err(|error| error.to_string())?;
        let ca = door.ca_bundle.map(|file| file.display().to_string()).unwrap_or_default();
        Ok([door.url, door.region, door.credentials.access_key_id().to_owned(), ca])
    }

    fn is(found: Result<[String; 4], String>, url: &str, region: &str, key: &str, ca: &str) {
        assert_eq!(found.unwrap(), [url, region, key, ca]);
    }

    #[test]
    fn options_win_over_variables_and_these_over_the_profile() {
        is(found(&reach(), &[]), "http://h:1", "r-1", "A", "");
        let variables = [
            ("AWS_ENDPOINT_URL", "https://v:2"),
            ("AWS_REGION", "v-1"),
            ("AWS_CA_BUNDLE", "/v.pem"),
            ("AWS_ACCESS_KEY_ID", "V"),
            ("AWS_SECRET_ACCESS_KEY", "v"),
        ];
        is(found(&reach(), &variables), "https://v:2", "v-1", "V", "/v.pem");
        let options = Reach {
            endpoint_url: Some("http://o:3".into()),
            region: Some("o-1".into()),
            profile: Some("other".into()),
            ..reach()
        };
        is(found(&options, &variables), "http://o:3", "o-1", "B", "/v.pem");
        let api = Reach { api: Some("127.0.0.1:4".into()), ..reach() };
        is(found(&api, &variables), "http://127.0.0.1:4", "v-1", "V", "/v.pem");
    }

    #[test]
    fn a_profile_is_that_of_aws_profile() {
        let other = [("AWS_PROFILE", "other")];
        is(found(&reach(), &other), HERE, REGION, "B", "/ca.pem");
        let error = found(&reach(), &[("AWS_PROFILE", "none")]).unwrap_err();
        assert!(error.contains("no access key of the profile 'none'"), "{error}");
    }
}
