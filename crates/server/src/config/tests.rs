use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fleetwright_control::settings::Control;
use fleetwright_core::configuration::{Key, Takes};
use fleetwright_functions::hooks::{self, HookCommand};
use fleetwright_gateway::settings::Mqtt;
use fleetwright_installation::{audit, issuance};
use fleetwright_provisioning::settings::{ClaimLimits, Claims, Provisioning};
use fleetwright_services::{JobSettings, ShadowSettings};

use super::*;

/// Wrong configurations, each with the lines that it is answered with.
const WRONG: &str = include_str!("../../cases/wrong_configurations.txt");

/// Files that configurations name.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir(machine.path().join("directory")).unwrap();
        for (name, text, mode) in [
            ("empty", "", 0o600),
            ("text", "no certificate\n", 0o600),
            ("everybodys", "0123456789abcdef0123456789abcdef", 0o644),
            ("program", "#!/bin/sh\n", 0o700),
        ] {
            let path = machine.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        machine
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `DIR` in a text is where the files are.
    fn read(&self, text: &str, sources: Sources) -> Result<Configuration, String> {
        let text = text.replace("DIR", &self.path().to_string_lossy());
        let file = self.path().join("fleetwright.toml");
        fs::write(&file, text).unwrap();
        let machine = Some("factory-7".into());
        Configuration::read(Sources { file: Some(file), machine, ..sources })
            .map_err(|error| error.to_string().replace(&*self.path().to_string_lossy(), "DIR"))
    }
}

fn read(text: &str) -> Settings {
    Machine::new().read(text, Sources::default()).unwrap().settings
}

fn option(option: &'static str, key: &'static str, words: &[&str]) -> Given {
    Given { option, key, words: words.iter().map(|word| (*word).to_owned()).collect() }
}

/// A block: `env NAME=VALUE` and `--OPTION VALUE` lines, the file's lines, then `=> ` lines.
#[test]
fn what_cannot_be_used_is_named_with_its_place_and_what_is_allowed() {
    let machine = Machine::new();
    let mut cases = 0;
    for block in WRONG.split("\n---\n") {
        let (mut sources, mut file, mut answers) = (Sources::default(), Vec::new(), Vec::new());
        for line in block.lines().filter(|line| !line.starts_with('#')) {
            if let Some(answer) = line.strip_prefix("=> ") {
                answers.push(answer);
            } else if let Some((name, value)) =
                line.strip_prefix("env ").and_then(|variable| variable.split_once('='))
            {
                sources.environment.push((name.to_owned(), value.to_owned()));
            } else if let Some((name, value)) =
                line.strip_prefix("--").and_then(|option| option.split_once(' '))
            {
                let (key, _) = name.split_once(':').unwrap_or((name, ""));
                let known = keys::option(key).unwrap();
                sources.options.push(option(known.name, known.name, &[value]));
            } else {
                file.push(line);
            }
        }
        let error = machine.read(&file.join("\n"), sources).map(|_| ()).expect_err(block);
        assert!(!answers.is_empty(), "{block}");
        for answer in answers {
            assert!(error.contains(answer), "{block}\n\nanswers:\n{error}");
        }
        cases += 1;
    }
    assert!(cases > 60, "{cases}");
}

#[test]
fn defaults_are_those_of_the_manual() {
    let settings = read("");
    assert_eq!(settings.mqtt_listen, MqttListen::Default);
    assert_eq!(settings.api_listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.scope.account.as_str(), "123456789012");
    assert_eq!(settings.hostnames, ["localhost", "127.0.0.1", "::1", "factory-7"]);
    assert_eq!(settings.log.to_string(), "info");
}

#[test]
fn the_key_lists_name_every_field() {
    fn fields(value: impl serde::Serialize) -> Vec<String> {
        toml::Table::try_from(value).unwrap().keys().cloned().collect()
    }
    let limits =
        ClaimLimits { requests_per_second: Some(1), max_devices: Some(1), expires: Some(1) };
    let claims = Claims {
        requests_per_second: Some(1),
        max_devices: Some(1),
        expires: Some(1),
        certificates: [("x".into(), limits)].into(),
    };
    let mqtt = Mqtt {
        publishes_per_second: Some(1),
        proxy_protocol_from: vec!["10.0.0.1".to_owned()],
        ..Mqtt::default()
    };
    let shadows = ShadowSettings { requests_per_second: Some(1), ..ShadowSettings::default() };
    let issuance = issuance::Settings { validity: Some("1d".into()) };
    let control = Control { requests_per_second: Some(1), burst: Some(1), ..Control::default() };
    let command = HookCommand::try_from(vec!["/bin/true".to_owned()]).unwrap();
    let hooks = hooks::Settings {
        commands: [("x".into(), command)].into(),
        ca_file: Some("/tmp/x".into()),
        hmac_secret_file: Some("/tmp/x".into()),
        ..hooks::Settings::default()
    };
    for (known, fields) in [
        (Mqtt::KEYS, fields(mqtt)),
        (JobSettings::KEYS, fields(JobSettings::default())),
        (ShadowSettings::KEYS, fields(shadows)),
        (Provisioning::KEYS, fields(Provisioning::default())),
        (Claims::KEYS, fields(claims)),
        (ClaimLimits::KEYS, fields(limits)),
        (issuance::Settings::KEYS, fields(issuance)),
        (Control::KEYS, fields(control)),
        (audit::Settings::KEYS, fields(audit::Settings::default())),
        (hooks::Settings::KEYS, fields(hooks)),
    ] {
        let mut known: Vec<&str> = known.iter().map(|key| key.name).collect();
        known.sort_unstable();
        assert_eq!(known, fields);
    }
}

#[test]
fn every_default_is_allowed() {
    fn check(keys: &[Key], table: &toml::Table) {
        for key in keys {
            let Some(value) = table.get(key.name) else { continue };
            match (key.takes, value) {
                (Takes::Section(keys), toml::Value::Table(inner)) => check(keys, inner),
                (Takes::Each(..), _) => {}
                (takes, value) => {
                    value::check(takes, &mut value.clone()).expect(key.name);
                }
            }
        }
    }
    let configuration = Machine::new().read("", Sources::default()).unwrap();
    check(keys::KEYS, &toml::Table::try_from(&configuration.sections).unwrap());
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let environment = [("REGION", "eu-central-1"), ("HOSTNAME", "a.example,b.example")];
    let environment =
        environment.map(|(name, value)| (format!("FLEETWRIGHT_{name}"), value.to_owned()));
    let sources = Sources {
        environment: environment.into(),
        options: vec![option("hostname", "hostnames", &["c.example"])],
        ..Sources::default()
    };
    let text = "# mine\nregion = 'eu-west-1'\naccount = '999999999999'\n[mqtt]\nmemory-mib = 17";
    let machine = Machine::new();
    let configuration = machine.read(text, sources).unwrap();
    let settings = &configuration.settings;
    assert_eq!(settings.scope.region.as_str(), "eu-central-1");
    assert_eq!(settings.scope.account.as_str(), "999999999999");
    assert_eq!(settings.hostnames, ["c.example"]);
    let shown = configuration.shown();
    let of = |key: &str| {
        let found = shown.iter().find(|shown| shown.key == key).expect(key);
        let value = found.value.as_ref().map(ToString::to_string).unwrap_or_default();
        let file = machine.path().to_string_lossy();
        (value, found.origin.replace(&*file, "DIR"), found.kind)
    };
    let is = |key: &str, value: &str, origin: &str, kind: &'static str| {
        assert_eq!(of(key), (value.to_owned(), origin.to_owned(), kind));
    };
    is("region", "\"eu-central-1\"", "environment FLEETWRIGHT_REGION", "environment");
    is("account", "\"999999999999\"", "DIR/fleetwright.toml:3", "file");
    is("hostnames", "[\"c.example\"]", "command line --hostname", "command-line");
    is("[mqtt] memory-mib", "17", "DIR/fleetwright.toml:5", "file");
    is("[mqtt] strict-close", "false", "default", "default");
    is("[bulk] directory", "", "default", "default");
}

#[test]
fn booleans_of_the_environment_have_many_words() {
    for (word, on) in [
        ("1", true),
        ("true", true),
        ("Yes", true),
        ("on", true),
        ("0", false),
        ("false", false),
        ("no", false),
        ("OFF", false),
    ] {
        let environment = vec![("FLEETWRIGHT_API_TLS".to_owned(), word.to_owned())];
        let sources = Sources { environment, ..Sources::default() };
        assert_eq!(Machine::new().read("", sources).unwrap().settings.api_tls, on, "{word}");
    }
}

#[test]
fn other_variables_of_the_environment_do_not_matter() {
    let names = [
        "PATH",
        "FLEETWRIGHT_DEVICE_ENDPOINT",
        "FLEETWRIGHT_CONFIG",
        "FLEETWRIGHT_PORT",
        "FLEETWRIGHT_SERVICE_HOST",
        "FLEETWRIGHT_SERVICE_PORT",
        "FLEETWRIGHT_SERVICE_PORT_MQTT",
        "FLEETWRIGHT_PORT_8883_TCP",
        "FLEETWRIGHT_PORT_8883_TCP_ADDR",
        "FLEETWRIGHT_MQTT_PORT_8883_TCP_PROTO",
    ];
    let environment = names.map(|name| (name.to_owned(), "tcp://10.0.0.1:8883".to_owned()));
    let sources = Sources { environment: environment.into(), ..Sources::default() };
    Machine::new().read("", sources).unwrap();
}

#[test]
fn a_public_control_plane_with_tls_is_taken() {
    assert!(read("api-listen = '0.0.0.0:0'\napi-tls = true").api_tls);
}

#[test]
fn a_claim_certificate_falls_back_to_the_limits_of_all() {
    let (ab, cd) = ("ab".repeat(32), "cd".repeat(32));
    let settings = read(&format!(
        "[claims]\nmax-devices = 5\nexpires = 7\n[claims.certificates.{ab}]\nmax-devices = 9"
    ));
    assert_eq!(settings.claims.of(&ab).max_devices, Some(9));
    assert_eq!(settings.claims.of(&ab).expires, Some(7));
    assert_eq!(settings.claims.of(&cd).max_devices, Some(5));
}

#[test]
fn the_gateway_listens_at_one_address_or_at_several() {
    let at = |addresses: &[&str]| {
        MqttListen::At(addresses.iter().map(|address| address.parse().unwrap()).collect())
    };
    assert_eq!(read("mqtt-listen = '127.0.0.1:1'").mqtt_listen, at(&["127.0.0.1:1"]));
    let text = "mqtt-listen = ['127.0.0.1:1', '[::1]:2', '127.0.0.1:0', '127.0.0.1:0']";
    let several = at(&["127.0.0.1:1", "[::1]:2", "127.0.0.1:0", "127.0.0.1:0"]);
    assert_eq!(read(text).mqtt_listen, several);
}

#[test]
fn what_is_named_and_there_is_taken() {
    let text = "ready-file = 'DIR/ready.json'\nlog = 'warn,fleetwright_gateway=debug'\n\
        [bulk]\ndirectory = 'DIR/directory'\n\
        [hooks.commands]\na = ['DIR/program', 'b']\nc = ['sh']\n\
        [functions]\nruntimes-dir = 'DIR/directory'\n\
        [functions.interpreters]\n'python3.12' = 'DIR/program'\n\
        [functions.endpoints]\ndynamodb = 'http://10.0.0.7:8000'";
    read(text);
}
