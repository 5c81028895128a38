//! The acceptance vectors of the specification, section 16, that a template decides.

use super::super::*;
use crate::error::ErrorCode;

const ID: CertificateId = CertificateId([0x12; 32]);

fn template(device_configuration: &str) -> Template {
    let text = format!(
        r#"{{"Parameters": {{"SerialNumber": {{"Type": "String"}}, "CertDate": {{"Type": "String"}}}},
            "Resources": {{
              "thing": {{"Type": "AWS::IoT::Thing", "Properties": {{
                "ThingName": {{"Ref": "SerialNumber"}},
                "AttributePayload": {{"cert_issuance": {{"Ref": "CertDate"}}}}}}}},
              "certificate": {{"Type": "AWS::IoT::Certificate", "Properties": {{
                "CertificateId": {{"Ref": "AWS::IoT::Certificate::Id"}}, "Status": "Active"}}}},
              "policy": {{"Type": "AWS::IoT::Policy", "Properties": {{"PolicyName": "device"}}}}
            }}{device_configuration}}}"#
    );
    Template::parse(&text, TemplateUse::Fleet).unwrap()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn evaluate(
    template: &Template,
    parameters: &[(&str, &str)],
    overrides: &[(&str, &str)],
) -> Result<ProvisioningPlan, Refusal> {
    template.evaluate(&Inputs {
        parameters: &map(parameters),
        overrides: &map(overrides),
        certificate_id: Some(ID),
        subject: None,
    })
}

#[test]
fn v07_ref_to_aws_region_is_rejected() {
    let template = template(r#", "DeviceConfiguration": {"region": {"Ref": "AWS::Region"}}"#);
    let sent = [("SerialNumber", "SN1"), ("CertDate", "today")];
    let refusal = evaluate(&template, &sent, &[]).unwrap_err();
    assert_eq!(refusal.code.mqtt_status(), 400);
    assert_eq!(refusal.code.mqtt_name(), "InvalidParameters");
    assert_eq!(refusal.message, "Cannot resolve reference value: AWS::Region");
}

#[test]
fn v08_parameter_from_the_hook_alone_is_accepted() {
    let template = template("");
    let missing = evaluate(&template, &[("SerialNumber", "SN1")], &[]).unwrap_err();
    assert_eq!(missing.message, "Cannot resolve reference value: CertDate");
    let plan = evaluate(&template, &[("SerialNumber", "SN1")], &[("CertDate", "20220131")]);
    let attributes = plan.unwrap().thing.unwrap().attributes.unwrap();
    assert_eq!(attributes.into_values().collect::<Vec<_>>(), ["20220131"]);
}

#[test]
fn v10_template_without_device_configuration_gives_an_empty_one() {
    let sent = [("SerialNumber", "SN1"), ("CertDate", "today")];
    let plan = evaluate(&template(""), &sent, &[]).unwrap();
    assert_eq!(plan.device_configuration, BTreeMap::new());
}

#[test]
fn v18_template_of_10241_characters_is_refused() {
    let resources = r#"{"Resources":{"c":{"Type":"AWS::IoT::Certificate","Properties":{
        "CertificateId":{"Ref":"AWS::IoT::Certificate::Id"}}}}"#;
    // Characters count, not bytes.
    let padded = |length: usize| {
        let start = format!(r#"{resources},"Parameters":{{"p":{{"Type":"String","Default":""#);
        let end = r#""}}}"#;
        let filler = "ü".repeat(length - start.chars().count() - end.chars().count());
        format!("{start}{filler}{end}")
    };
    assert!(Template::parse(&padded(10_240), TemplateUse::Fleet).is_ok());
    let error = Template::parse(&padded(10_241), TemplateUse::Fleet).unwrap_err();
    assert!(error.message.contains("at most 10240 characters"), "{error}");
    assert_eq!(Refusal::from(error).code, ErrorCode::InvalidRequest);
}

#[test]
fn references_are_the_literal_names() {
    let text = r#"{"Resources": {
        "t": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "x", "ThingTypeName": "type",
          "ThingGroups": ["g1", {"Ref": "G"}, "g2"], "BillingGroup": {"Ref": "B"}}},
        "c": {"Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": "x"}},
        "p": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "p1"}},
        "q": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": "{}"}}}}"#;
    let references = Template::parse(text, TemplateUse::Fleet).unwrap().references();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        references,
        References {
            thing_types: set(&["type"]),
            groups: set(&["g1", "g2"]),
            billing_groups: set(&[]),
            policies: set(&["p1"]),
        }
    );
}
