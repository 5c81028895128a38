use bytes::Bytes;

use super::*;

fn form(body: &str) -> Result<Form, ApiError> {
    Form::read(&Bytes::from(body.to_owned()))
}

#[test]
fn a_form_is_decoded_and_its_lists_are_counted() {
    let read =
        form("Action=A+B&Tags.member.1.Key=a%26b&Tags.member.1.Value=&L.member.1=x&L.member.3=z")
            .unwrap();
    assert_eq!(read.get("Action"), Some("A B"));
    assert_eq!(
        read.tags().unwrap_err().name(Service::Iam),
        "ValidationError",
        "& is no character of a key"
    );
    assert_eq!(read.list("L", 9).unwrap(), ["x"]);
    assert!(read.list("L", 0).is_err());
    assert!(read.list("M", 0).unwrap().is_empty());
}

#[test]
fn a_parameter_sent_twice_or_not_utf8_is_refused() {
    for body in ["a=1&a=2", "a=%ff", "%ff=a"] {
        assert_eq!(form(body).unwrap_err().name(Service::Iam), "ValidationError", "{body}");
    }
}

#[test]
fn every_text_of_an_answer_is_escaped() {
    let element = Element::new().text("A", "<&>\"\r\u{1}é");
    let whole = Element::new().nested("B", element);
    let expected = Element::new().nested("B", Element::new()).nested("C", Element::new());
    assert_ne!(whole, expected);
    let shown = format!("{whole:?}");
    assert!(shown.contains("&lt;&amp;&gt;&quot;&#13;\u{fffd}é"), "{shown}");
}
