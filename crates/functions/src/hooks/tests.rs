use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fleetwright_core::error::ErrorCode;
use fleetwright_core::hook::{HookRequest, Verdict};
use fleetwright_host::tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::hooks::settings::HookCommand;

fn request() -> HookRequest {
    HookRequest {
        claim_certificate_id: "c".into(),
        certificate_id: "d".into(),
        certificate_pem: "pem".into(),
        template_arn: "arn".into(),
        client_id: "client".into(),
        parameters: BTreeMap::from([("SerialNumber".into(), "42".into())]),
    }
}

fn hooks(script: &str) -> Hooks {
    hooks_at(script, Vec::new())
}

fn hooks_at(script: &str, urls: Vec<String>) -> Hooks {
    let command =
        HookCommand { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] };
    let settings = Settings {
        commands: BTreeMap::from([("test".into(), command)]),
        urls,
        ..Default::default()
    };
    let tls = tls::client("hooks", None).unwrap();
    Hooks::new(settings, tls, crate::tests::none()).unwrap()
}

/// What follows from a hook's answer: the overrides, or the refusal's cause.
async fn verdict_of(script: &str) -> Result<Verdict, String> {
    outcome(hooks(script).decide("command:test", &request()).await)
}

fn outcome(outcome: HookOutcome) -> Result<Verdict, String> {
    if let Ok(verdict) = outcome.verdict {
        return Ok(verdict);
    }
    let refusal = outcome.overrides().unwrap_err();
    assert_eq!(refusal.code, ErrorCode::AccessDenied);
    assert!(!refusal.message.contains("test"), "the message must not tell the target");
    Err(refusal.cause.unwrap())
}

#[tokio::test]
async fn a_command_reads_the_request_and_its_answer_is_the_verdict() {
    let script = r#"grep -q '"SerialNumber":"42"' && echo '{"allowProvisioning":true,"parameterOverrides":{"A":"b"}}'"#;
    let overrides = BTreeMap::from([("A".to_owned(), "b".to_owned())]);
    assert_eq!(verdict_of(script).await, Ok(Verdict::Allow { overrides }));
}

#[tokio::test]
async fn a_command_that_does_not_read_may_still_decide() {
    let verdict = verdict_of(r#"echo '{"allowProvisioning":false}'"#).await;
    assert_eq!(verdict, Ok(Verdict::Refuse));
}

#[tokio::test]
async fn whatever_goes_wrong_refuses() {
    for (script, cause) in [
        (r#"echo '{"allowProvisioning":true}'; exit 3"#, "exit status: 3"),
        ("echo nonsense", "is no verdict"),
        ("true", "is no verdict"),
        ("head -c 400000 /dev/zero", "larger than"),
        (r#"echo '{"allowProvisioning":1}'"#, "true or false"),
    ] {
        let failure = verdict_of(script).await.unwrap_err();
        assert!(failure.contains(cause), "{script}: {failure}");
    }
}

#[tokio::test]
async fn v09_a_hook_that_sleeps_is_cut_at_its_deadline() {
    let begun = Instant::now();
    let failure = verdict_of("sleep 60").await.unwrap_err();
    assert!(failure.contains("no answer within 5000 ms"), "{failure}");
    assert!(begun.elapsed() < Duration::from_secs(30), "the sleep was not waited for");
}

#[tokio::test]
async fn what_a_command_prints_to_its_standard_error_is_kept_within_a_bound() {
    let script = "echo why >&2; head -c 100000 /dev/zero >&2; exit 1";
    let outcome = hooks(script).decide("command:test", &request()).await;
    assert!(outcome.log.starts_with("why\n"), "{}", outcome.log);
    assert_eq!(outcome.log.len(), LOG_BYTES);
    let script = r#"sleep 60 >/dev/null & echo '{"allowProvisioning":true}'"#;
    let outcome = hooks(script).decide("command:test", &request()).await;
    assert!(outcome.verdict.is_ok(), "who is left behind keeps nobody waiting");
}

#[tokio::test]
async fn what_was_printed_before_the_deadline_is_kept() {
    let script = "echo asking the oracle >&2; sleep 60";
    let outcome = hooks(script).decide("command:test", &request()).await;
    assert_eq!(outcome.log, "asking the oracle\n");
    assert!(outcome.verdict.unwrap_err().to_string().contains("no answer within"));
}

#[tokio::test]
async fn targets_that_are_none_refuse() {
    for (target, cause) in [
        ("command:other", "no command 'other'"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "does not exist here"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "another region"),
        ("http://192.0.2.1/hook", "in the clear"),
        ("ftp://x", "is no hook"),
        ("https://", "no valid host"),
        ("https://a@b/", "no valid host"),
        ("http://127.0.0.1:99999/", "no valid host"),
        ("http://127.0.0.1:1/", "cannot reach"),
        ("http://127.0.0.1:2/", "under [hooks] urls of the configuration"),
        ("https://hook.example/", "under [hooks] urls of the configuration"),
    ] {
        let hooks = hooks_at("true", vec!["http://127.0.0.1:1/".into()]);
        let found = outcome(hooks.decide(target, &request()).await).unwrap_err();
        assert!(found.contains(cause), "{target}: {found}");
    }
}

/// One HTTP exchange with a server of the given answer.
async fn ask_url(answer: &'static str) -> Result<Verdict, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        // The request's JSON ends in two braces; what is unread at the close would reset it.
        let mut head = Vec::new();
        while !head.ends_with(b"}}") {
            assert_ne!(socket.read_buf(&mut head).await.unwrap(), 0);
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&head).into_owned()
    });
    let target = format!("http://{address}/hook?x=1");
    let verdict = outcome(hooks_at("true", vec![target.clone()]).decide(&target, &request()).await);
    let head = server.await.unwrap();
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
    verdict
}

#[tokio::test]
async fn a_url_is_asked_and_only_200_counts() {
    let allowed =
        ask_url("HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\n{\"allowProvisioning\":true }");
    assert_eq!(allowed.await, Ok(Verdict::Allow { overrides: BTreeMap::new() }));
    let failed =
        ask_url("HTTP/1.1 500 Oh\r\ncontent-length: 27\r\n\r\n{\"allowProvisioning\":true }");
    assert!(failed.await.unwrap_err().contains("500"));
}
