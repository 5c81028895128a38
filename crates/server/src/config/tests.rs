use super::*;

fn resolve(given: Given, text: &str) -> Result<Settings, String> {
    let file = ConfigFile::parse(text).map_err(|error| error.to_string())?;
    Settings::resolve(given, file, Some("factory-7".into())).map_err(|error| error.to_string())
}

#[test]
fn defaults_are_those_of_the_manual() {
    let settings = resolve(Given::default(), "").unwrap();
    assert_eq!(settings.mqtt_listen, MqttListen::Default);
    assert_eq!(settings.api_listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.home.account.as_str(), "123456789012");
    assert_eq!(settings.hostnames, ["localhost", "127.0.0.1", "::1", "factory-7"]);
}

#[test]
fn an_unknown_key_names_its_nearest_neighbour() {
    for (text, nearest) in [
        ("mqtt-lisen = '0.0.0.0:1'", "mqtt-listen"),
        ("[mqtt]\nmax-connection = 3", "max-connections"),
        ("[claims]\nmax-device = 3", "max-devices"),
        ("[claims.certificates.ab]\nexpire = 3", "expires"),
        ("[hooks]\ncomands = {}", "commands"),
        ("[provisioning]\nkey-pool = 3", "key-pool-capacity"),
        ("[control]\nrequests-per-minute = 3", "requests-per-second"),
    ] {
        let error = resolve(Given::default(), text).unwrap_err();
        assert!(error.contains(&format!("did you mean '{nearest}'?")), "{text}: {error}");
    }
}

#[test]
fn the_key_lists_name_every_field() {
    fn fields(value: impl serde::Serialize) -> Vec<String> {
        let table = toml::Table::try_from(value).unwrap();
        table.keys().cloned().collect()
    }
    let limits =
        ClaimLimits { requests_per_second: Some(1), max_devices: Some(1), expires: Some(1) };
    let claims = Claims {
        requests_per_second: Some(1),
        max_devices: Some(1),
        expires: Some(1),
        certificates: [("x".into(), limits)].into(),
    };
    let control = Control { requests_per_second: Some(1), burst: Some(1), ..Control::default() };
    let command = HookCommand::try_from(vec!["/bin/true".to_owned()]).unwrap();
    let hooks = Hooks {
        commands: [("x".into(), command)].into(),
        ca_file: Some("/tmp/x".into()),
        hmac_secret_file: Some("/tmp/x".into()),
        ..Hooks::default()
    };
    for (mut known, fields) in [
        (mqtt::KEYS.to_vec(), fields(Mqtt::default())),
        (provisioning::KEYS.to_vec(), fields(Provisioning::default())),
        (claims::KEYS.to_vec(), fields(claims)),
        (claims::LIMIT_KEYS.to_vec(), fields(limits)),
        (control::KEYS.to_vec(), fields(control)),
        (audit::KEYS.to_vec(), fields(Audit::default())),
        (hooks::KEYS.to_vec(), fields(hooks)),
    ] {
        known.sort_unstable();
        assert_eq!(known, fields);
    }
}

#[test]
fn the_command_line_wins_over_the_file() {
    let given = Given { region: Some("eu-central-1".into()), ..Given::default() };
    let settings = resolve(given, "region = 'eu-west-1'\naccount = '999999999999'").unwrap();
    assert_eq!(settings.home.region.as_str(), "eu-central-1");
    assert_eq!(settings.home.account.as_str(), "999999999999");
}

#[test]
fn a_public_control_plane_needs_tls() {
    let given =
        |tls| Given { api_listen: Some("0.0.0.0:0".into()), api_tls: tls, ..Given::default() };
    assert!(resolve(given(false), "").unwrap_err().contains("--api-tls"));
    assert!(resolve(given(true), "").is_ok());
}

#[test]
fn bad_values_are_named() {
    for (text, part) in [
        ("mqtt-listen = 'nowhere'", "mqtt-listen 'nowhere'"),
        ("mqtt-listen = ['127.0.0.1:0', 'nowhere']", "mqtt-listen 'nowhere'"),
        ("mqtt-listen = []", "1 to 16 addresses, not 0"),
        ("mqtt-listen = ['127.0.0.1:1', '127.0.0.1:1']", "127.0.0.1:1 twice"),
        ("mqtt-listen = 8883", "an address or a list of addresses"),
        ("account = '12'", "account id '12'"),
        ("region = 'US'", "region 'US'"),
        ("[hooks.commands]\nx = []", "needs at least its program"),
        ("[provisioning]\nkey-pool-capacity = 100001", "100001 is not within"),
        ("[provisioning]\nkey-pool-capacity = 0", "0 is not within"),
        ("[mqtt]\nmemory-per-connection-mib = 0", "0 is not within 1 to 1024"),
        ("[mqtt]\nmemory-mib = 15", "15 is not within 16 to 1048576"),
        ("[mqtt]\nmemory-mib = 16\nmemory-per-connection-mib = 17", "16 is less than"),
        ("[control]\nrequests-per-second = 0", "requests-per-second 0 would admit no request"),
        ("[control]\nrequests-per-second = 1\nburst = 0", "burst 0 would admit no request"),
        ("[control]\nrequests-at-once = 0", "requests-at-once 0 would admit no request"),
        ("[control]\nburst = 1", "burst belongs to requests-per-second"),
    ] {
        let error = resolve(Given::default(), text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_claim_certificate_falls_back_to_the_limits_of_all() {
    let settings = resolve(
        Given::default(),
        "[claims]\nmax-devices = 5\nexpires = 7\n[claims.certificates.ab]\nmax-devices = 9",
    )
    .unwrap();
    assert_eq!(settings.claims.of("ab").max_devices, Some(9));
    assert_eq!(settings.claims.of("ab").expires, Some(7));
    assert_eq!(settings.claims.of("cd").max_devices, Some(5));
}

#[test]
fn the_gateway_listens_at_one_address_or_at_several() {
    let at = |addresses: &[&str]| {
        MqttListen::At(addresses.iter().map(|address| address.parse().unwrap()).collect())
    };
    let one = resolve(Given::default(), "mqtt-listen = '127.0.0.1:1'").unwrap();
    assert_eq!(one.mqtt_listen, at(&["127.0.0.1:1"]));
    let text = "mqtt-listen = ['127.0.0.1:1', '[::1]:2', '127.0.0.1:0', '127.0.0.1:0']";
    let several = resolve(Given::default(), text).unwrap();
    assert_eq!(several.mqtt_listen, at(&["127.0.0.1:1", "[::1]:2", "127.0.0.1:0", "127.0.0.1:0"]));
    let given = Given { mqtt_listen: vec!["127.0.0.1:3".into()], ..Given::default() };
    assert_eq!(resolve(given, text).unwrap().mqtt_listen, at(&["127.0.0.1:3"]));
}
