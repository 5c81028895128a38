use super::*;
use crate::service::Service;

#[test]
fn a_function_is_found_in_the_path_as_sdks_write_it() {
    let path =
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/code";
    let (operation, labels) = OFFER.find(&Method::PUT, path).ok().unwrap();
    assert_eq!(operation.name, "UpdateFunctionCode");
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned();
    assert_eq!(labels, [("FunctionName", arn)]);
}

#[test]
fn only_operations_that_carry_code_or_payload_may_be_large() {
    let large: Vec<&str> = OFFER
        .known
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (method, path, name) = (words.next()?, words.next()?, words.next()?);
            let path = path.replace(['{', '}'], "");
            large_body(&method.parse().ok()?, &path).map(|_| name)
        })
        .collect();
    assert_eq!(large, ["CreateFunction", "Invoke", "UpdateFunctionCode"]);
}

#[test]
fn a_known_operation_that_is_not_offered_says_so() {
    let error = OFFER.find(&Method::POST, "/2018-10-31/layers/l/versions").err().unwrap();
    let (status, name) = (error.status(Service::Lambda), error.name(Service::Lambda));
    assert_eq!((status.as_u16(), name), (501, "NotImplementedException"));
    assert!(error.message.starts_with("PublishLayerVersion is not"), "{}", error.message);
}

#[test]
fn an_older_path_names_an_operation_that_is_known() {
    for line in include_str!("older_paths.txt").lines() {
        let (path, name) = line.rsplit_once(' ').unwrap();
        assert!(
            OFFER
                .known
                .lines()
                .any(|known| known == format!("{} {name}", path.trim_end_matches('/')))
        );
    }
    let find = |path| OFFER.find(&Method::GET, path).ok().unwrap().0.name;
    assert_eq!(find("/2015-03-31/functions/"), find("/2015-03-31/functions"));
    for unknown in ["/2015-03-31/functions//", "/2015-03-31/functions/f/", "/2015-03-31/"] {
        assert!(OFFER.find(&Method::GET, unknown).is_err(), "{unknown}");
    }
}
