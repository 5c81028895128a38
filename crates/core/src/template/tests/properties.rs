//! What holds for every template and every input.

use proptest::prelude::*;

use super::super::*;
use crate::error::ErrorCode;
use crate::limits;

/// Any mixture of functions and texts, as JSON.
fn expression() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "AWS::IoT::Certificate::Id", "Nope"]);
    let leaf = prop_oneof![
        "[a-z0-9,\\-]{0,8}".prop_map(|text| format!("\"{text}\"")),
        name.prop_map(|name| format!(r#"{{"Ref":"{name}"}}"#)),
        prop::sample::select(vec!["0", "true", "null", "\"${a}\"", "\"1\""])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4)
            .prop_map(|items| format!("[{}]", items.join(",")));
        let listed = prop_oneof![
            list,
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!(r#"{{"Fn::Split":[{a},{b}]}}"#)),
        ];
        prop_oneof![
            (inner.clone(), listed.clone())
                .prop_map(|(a, b)| format!(r#"{{"Fn::Join":[{a},{b}]}}"#)),
            (inner.clone(), listed).prop_map(|(a, b)| format!(r#"{{"Fn::Select":[{a},{b}]}}"#)),
            inner
                .clone()
                .prop_map(|a| format!(r#"{{"Fn::Sub":["x${{a}}${{v}}${{v}}",{{"v":{a}}}]}}"#)),
            (inner.clone(), inner)
                .prop_map(|(a, b)| format!(r#"{{"Fn::FindInMap":["m",{a},{b}]}}"#)),
        ]
    })
}

fn template(value: &str) -> String {
    format!(
        r#"{{"Parameters":{{"a":{{"Type":"String","Default":"x,y"}}}},
            "Mappings":{{"m":{{"a":{{"b":"c"}}}}}},
            "Resources":{{"c":{{"Type":"AWS::IoT::Certificate","Properties":{{
              "CertificateId":{{"Ref":"AWS::IoT::Certificate::Id"}}}}}}}},
            "DeviceConfiguration":{{"v":{value}}}}}"#
    )
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,200}") {
        let _ = Template::parse(&text, TemplateUse::Fleet);
    }

    #[test]
    fn any_value_is_refused_or_evaluates_the_same_way_twice(
        value in expression(),
        sent in prop::collection::btree_map("[ab]|AWS::Region", "[a-z,0-9]{0,6}", 0..3),
    ) {
        let Ok(template) = Template::parse(&template(&value), TemplateUse::Fleet) else {
            return Ok(());
        };
        template.lint(&template.references(), None);
        let none = BTreeMap::new();
        let inputs = Inputs {
            parameters: &sent,
            overrides: &none,
            certificate_id: Some(CertificateId([1; 32])),
            subject: None,
        };
        let outcome = template.evaluate(&inputs);
        prop_assert_eq!(&outcome, &template.evaluate(&inputs));
        match outcome {
            Ok(plan) => {
                // A null is as if it were not there.
                let length = plan.device_configuration.get("v").map_or(0, String::len);
                prop_assert!(length <= limits::TEMPLATE_TEXT_BYTES);
            }
            Err(refusal) => prop_assert_eq!(refusal.code, ErrorCode::InvalidParameters),
        }
    }
}
