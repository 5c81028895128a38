use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::arn::AccountScope;
use crate::names::{AccountId, Region};
use crate::time::Timestamp;

const TEMPLATE: &str = "arn:aws:iot:us-east-1:123456789012:provisioningtemplate/Factory";
const HOOK: &str = "arn:aws:lambda:us-east-1:123456789012:function:hook";

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

fn found(text: &str) -> (String, Option<String>) {
    let found = FunctionRef::parse(&scope(), text).unwrap();
    (found.name.to_string(), found.qualifier.map(|qualifier| qualifier.to_string()))
}

#[test]
fn a_function_is_named_in_every_form_of_aws() {
    for start in [
        "hook",
        "function:hook",
        "123456789012:function:hook",
        "us-east-1:123456789012:function:hook",
        HOOK,
    ] {
        assert_eq!(found(start), ("hook".into(), None), "{start}");
        for qualifier in ["$LATEST", "7", "live"] {
            let text = format!("{start}:{qualifier}");
            assert_eq!(found(&text), ("hook".into(), Some(qualifier.into())), "{text}");
        }
    }
}

#[test]
fn what_names_no_function_is_refused() {
    let long = "a".repeat(65);
    for text in [
        "",
        ":",
        "hook:",
        "a b",
        "hook:1:2",
        "hook:0",
        "hook:$HEAD",
        "hook:99999999999",
        "arn:aws:lambda:us-east-1:123456789012:layer:hook",
        "arn:aws:lambda:hook",
        "arn:aws:iot:us-east-1:123456789012:function:hook",
        "hook/..",
        &long,
        "123456789012:function:",
        "function:",
        "höök",
    ] {
        let refused = FunctionRef::parse(&scope(), text);
        assert!(matches!(refused, Err(InvalidFunctionRef::Malformed(_))), "{text}: {refused:?}");
    }
    for text in [
        "arn:aws:lambda:eu-west-1:123456789012:function:hook",
        "arn:aws:lambda:us-east-1:999999999999:function:hook",
        "999999999999:function:hook:live",
    ] {
        let refused = FunctionRef::parse(&scope(), text);
        assert!(matches!(refused, Err(InvalidFunctionRef::Elsewhere(_))), "{text}: {refused:?}");
    }
}

#[test]
fn digits_are_a_version_and_never_an_alias() {
    assert!(AliasName::parse("12").is_err());
    assert!(AliasName::parse("v12").is_ok());
    assert_eq!(Qualifier::parse("12"), Ok(Qualifier::Version(Version::Published(12))));
    assert!(Qualifier::parse("0").is_err());
    assert!(Qualifier::parse(&"a".repeat(129)).is_err());
}

#[test]
fn offered_runtimes_are_known_by_kind_and_others_name_them() {
    for (name, kind) in [
        ("python3.8", RuntimeKind::Python),
        ("python3.14", RuntimeKind::Python),
        ("nodejs24.x", RuntimeKind::Node),
        ("provided.al2023", RuntimeKind::Provided),
    ] {
        let runtime = Runtime::parse(name).unwrap();
        assert_eq!((runtime.kind(), runtime.as_str()), (kind, name));
    }
    for name in ["java21", "go1.x", "ruby3.4", "python2.7", "Python3.12", ""] {
        let refused = Runtime::parse(name).unwrap_err().to_string();
        assert!(refused.contains("python3.12, ") && refused.contains("provided.al2,"), "{refused}");
    }
}

#[test]
fn a_weight_is_a_share_of_what_is_drawn() {
    let tenth = Weight::from_fraction(0.1).unwrap();
    assert!(tenth.takes(0) && tenth.takes(u32::MAX / 11) && !tenth.takes(u32::MAX / 9));
    let (none, all) = (Weight::from_fraction(0.0).unwrap(), Weight::from_fraction(1.0).unwrap());
    assert!(!none.takes(0) && all.takes(u32::MAX));
    assert!(Weight::from_fraction(1.1).is_err() && Weight::from_fraction(f64::NAN).is_err());
    assert_eq!(Weight::from_fraction(0.05).map(Weight::fraction), Ok(0.05));
    assert_eq!(Weight::from_millionths(1_000_001), None);
}

fn request<'a>() -> PermissionRequest<'a> {
    PermissionRequest {
        id: "iot",
        action: "lambda:InvokeFunction",
        principal: "iot.amazonaws.com",
        source_arn: None,
        source_account: None,
        event_source_token: None,
        principal_org_id: None,
        function_url_auth_type: None,
        invoked_via_function_url: None,
    }
}

fn statement(request: &PermissionRequest<'_>) -> String {
    Permission::read(request).unwrap().statement(HOOK)
}

#[test]
fn a_statement_is_built_as_aws_builds_it() {
    let full = PermissionRequest {
        source_arn: Some(TEMPLATE),
        source_account: Some("123456789012"),
        ..request()
    };
    assert_eq!(
        statement(&full),
        format!(
            r#"{{"Sid":"iot","Effect":"Allow","Principal":{{"Service":"iot.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{HOOK}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{TEMPLATE}"}},"StringEquals":{{"AWS:SourceAccount":"123456789012"}}}}}}"#
        )
    );
    let principal = |principal| -> Value {
        let text = statement(&PermissionRequest { principal, ..request() });
        serde_json::from_str::<Value>(&text).unwrap()["Principal"].take()
    };
    assert_eq!(principal("*"), json!("*"));
    assert_eq!(principal("123456789012"), json!({"AWS": "arn:aws:iam::123456789012:root"}));
    let role = "arn:aws:iam::123456789012:role/x/y";
    assert_eq!(principal(role), json!({"AWS": role}));
}

#[test]
fn members_that_make_no_statement_are_refused() {
    let cases = [
        PermissionRequest { id: "a b", ..request() },
        PermissionRequest { id: "", ..request() },
        PermissionRequest { action: "s3:GetObject", ..request() },
        PermissionRequest { action: "lambda:Invoke*", ..request() },
        PermissionRequest { principal: "someone", ..request() },
        PermissionRequest { principal: "amazonaws.com", ..request() },
        PermissionRequest { principal: "arn:aws:iam::1:user/x", ..request() },
        PermissionRequest { source_account: Some("123"), ..request() },
        PermissionRequest { source_arn: Some("template/Factory"), ..request() },
        PermissionRequest { source_arn: Some("arn:aws:iot:r:123456789012:${x"), ..request() },
        PermissionRequest { event_source_token: Some("a b"), ..request() },
        PermissionRequest { principal_org_id: Some("org"), ..request() },
        PermissionRequest { function_url_auth_type: Some("NONE"), ..request() },
    ];
    for case in cases {
        assert!(Permission::read(&case).is_err(), "{case:?}");
    }
}

fn asked(
    function: &FunctionRef,
    policy: Option<&str>,
    source: &str,
) -> Result<MayInvoke, MayNotInvoke> {
    let call = ServiceCall {
        service: "iot.amazonaws.com",
        function,
        source: Source { arn: source, account: "123456789012" },
        now: Timestamp(0),
    };
    service_may_invoke(&scope(), policy, &call)
}

fn hook() -> FunctionRef {
    FunctionRef::parse(&scope(), "hook").unwrap()
}

fn policy(requests: &[PermissionRequest<'_>]) -> String {
    policy_document(&requests.iter().map(statement).collect::<Vec<_>>())
}

#[test]
fn a_service_invokes_what_a_statement_allows_it_for_its_source() {
    let open = policy(&[request()]);
    let proof = asked(&hook(), Some(&open), TEMPLATE).unwrap();
    assert_eq!(proof.function(), &hook());
    assert!(proof.decided_by().contains("iot"), "{}", proof.decided_by());

    let one = policy(&[PermissionRequest { source_arn: Some(TEMPLATE), ..request() }]);
    assert!(asked(&hook(), Some(&one), TEMPLATE).is_ok());
    let other = TEMPLATE.replace("Factory", "Other");
    assert!(asked(&hook(), Some(&one), &other).is_err());
    let all = TEMPLATE.replace("Factory", "*");
    let like = policy(&[PermissionRequest { source_arn: Some(&all), ..request() }]);
    assert!(asked(&hook(), Some(&like), &other).is_ok());
    let account = PermissionRequest { source_account: Some("999999999999"), ..request() };
    assert!(asked(&hook(), Some(&policy(&[account])), TEMPLATE).is_err());
}

#[test]
fn a_service_invokes_nothing_by_absence() {
    let token = PermissionRequest { event_source_token: Some("t"), ..request() };
    for wrong in [
        PermissionRequest { principal: "s3.amazonaws.com", ..request() },
        PermissionRequest { principal: "123456789012", ..request() },
        PermissionRequest { action: "lambda:GetFunction", ..request() },
        token,
    ] {
        assert!(asked(&hook(), Some(&policy(&[wrong])), TEMPLATE).is_err(), "{wrong:?}");
    }
    for none in [None, Some(""), Some("{}"), Some(r#"{"Statement":[]}"#)] {
        assert!(asked(&hook(), none, TEMPLATE).is_err(), "{none:?}");
    }
    let live = FunctionRef::parse(&scope(), "hook:live").unwrap();
    assert!(asked(&live, Some(&policy(&[request()])), TEMPLATE).is_err(), "another resource");
}

#[test]
fn a_refusal_names_the_command_that_helps() {
    let live = FunctionRef::parse(&scope(), "hook:live").unwrap();
    let refused = asked(&live, None, TEMPLATE).unwrap_err();
    assert_eq!(
        refused.way_out.unwrap(),
        format!(
            "aws lambda add-permission --function-name hook --qualifier live --statement-id iot \
             --action lambda:InvokeFunction --principal iot.amazonaws.com --source-arn {TEMPLATE} \
             --source-account 123456789012"
        )
    );
}

#[test]
fn an_explicit_deny_of_a_policy_wins() {
    let deny = statement(&request()).replace(r#""Allow""#, r#""Deny""#);
    let text = policy_document(&[statement(&request()), deny]);
    let refused = asked(&hook(), Some(&text), TEMPLATE).unwrap_err();
    assert_eq!(refused.way_out, None);
    assert!(refused.reason.contains("denies"), "{refused}");
}

proptest! {
    #[test]
    fn any_text_is_a_function_or_a_refusal(text in "\\PC{0,300}") {
        if let Ok(found) = FunctionRef::parse(&scope(), &text) {
            let again = FunctionRef::parse(&scope(), &found.arn(&scope())).unwrap();
            prop_assert_eq!(found, again);
        }
    }

    #[test]
    fn an_arn_leads_back_to_its_function(
        name in "[a-zA-Z0-9_-]{1,64}",
        qualifier in proptest::option::of("[a-zA-Z_-]{1,20}|[1-9][0-9]{0,8}|\\$LATEST"),
    ) {
        let text = match &qualifier {
            Some(qualifier) => format!("{HOOK}:{qualifier}").replace(":hook", &format!(":{name}")),
            None => HOOK.replace("hook", &name),
        };
        let found = FunctionRef::parse(&scope(), &text).unwrap();
        prop_assert_eq!(found.arn(&scope()), text);
        prop_assert_eq!(found.name.as_str(), name.as_str());
    }

    #[test]
    fn whatever_makes_a_statement_makes_a_policy_that_is_read(
        id in "[a-zA-Z0-9_-]{1,100}",
        arn in "arn:aws:iot:us-east-1:123456789012:[ -~]{1,60}",
    ) {
        let request = PermissionRequest { id: &id, source_arn: Some(&arn), ..request() };
        if Permission::read(&request).is_ok() {
            let text = policy(&[request]);
            prop_assert!(crate::policy::Document::parse_resource(&text).is_ok(), "{}", text);
        }
    }
}
