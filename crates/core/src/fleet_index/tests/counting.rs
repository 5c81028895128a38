use super::super::*;

fn number(value: f64) -> Value<'static> {
    Value::Number(value)
}

#[test]
fn statistics_are_those_of_the_guide() {
    let mut statistics = Statistics::default();
    for value in [-125.0, 75.0, 150.0] {
        statistics.add(number(value));
    }
    let numbers = statistics.numbers.unwrap();
    assert_eq!((statistics.count, numbers.sum), (3, 100.0));
    assert_eq!(
        (numbers.minimum, numbers.maximum, numbers.sum_of_squares),
        (-125.0, 150.0, 43_750.0)
    );
    let (average, variance) = statistics.average_and_variance().unwrap();
    assert!((average - 33.333_333_333_333_336).abs() < 1e-9);
    assert!((variance - 13_472.222_222_222_22).abs() < 1e-6);
    assert!((variance.sqrt() - 116.069_902_309_867_66).abs() < 1e-6);
}

#[test]
fn texts_are_counted_and_truth_values_are_numbers() {
    let mut texts = Statistics::default();
    texts.add(Value::Text("a"));
    assert_eq!((texts.count, texts.numbers), (1, None));
    assert_eq!(texts.average_and_variance(), None);
    let mut flags = Statistics::default();
    flags.add(Value::Flag(true));
    flags.add(Value::Flag(false));
    let numbers = flags.numbers.unwrap();
    assert_eq!((numbers.sum, numbers.minimum, numbers.maximum), (1.0, 0.0, 1.0));
}

#[test]
fn percentiles_are_those_of_the_guide() {
    let mut percentiles = Percentiles::default();
    for value in [3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0] {
        percentiles.add(value);
    }
    let asked = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 99.0];
    let found = percentiles.at(&asked);
    let wanted = [1.0, 1.0, 1.4, 2.0, 2.0, 2.0, 2.6, 3.0, 3.0, 3.0];
    for ((percent, value), (asked, wanted)) in found.iter().zip(asked.iter().zip(wanted)) {
        assert_eq!(percent, asked);
        assert!((value - wanted).abs() < 1e-9, "{percent}: {value}, not {wanted}");
    }
    assert!(Percentiles::default().at(&asked).is_empty());
}

#[test]
fn percentiles_of_more_values_than_are_kept_are_near() {
    let mut percentiles = Percentiles::default();
    let count = 3 * crate::limits::PERCENTILE_VALUES;
    for value in 0..count {
        percentiles.add(value as f64);
    }
    let found = percentiles.at(&[50.0]);
    let middle = count as f64 / 2.0;
    assert!((found[0].1 - middle).abs() < middle / 1000.0, "{found:?}");
}

#[test]
fn cardinality_is_exact_for_few_values_and_near_for_many() {
    let mut cardinality = Cardinality::default();
    for round in 0..3 {
        for value in 0..1000 {
            cardinality.add(Value::Text(&format!("{value}")));
        }
        assert_eq!(cardinality.estimate(), 1000, "round {round}");
    }
    let mut many = Cardinality::default();
    for value in 0..500_000 {
        many.add(number(f64::from(value)));
    }
    let estimate = many.estimate() as f64;
    assert!((estimate - 500_000.0).abs() < 25_000.0, "{estimate}");
}

#[test]
fn buckets_are_ranked_and_bounded() {
    let mut buckets = Buckets::default();
    for value in ["b", "a", "b", "c"] {
        buckets.add(Value::Text(value)).unwrap();
    }
    let ranked = buckets.clone().ranked(2);
    assert_eq!(ranked, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    let refused = (0..=crate::limits::BUCKET_VALUES)
        .find_map(|value| buckets.add(Value::Text(&value.to_string())).err());
    assert_eq!(refused.unwrap().code, crate::error::ErrorCode::InvalidAggregation);
}

#[test]
fn only_managed_and_custom_fields_are_aggregated_and_only_values_of_their_type() {
    let field = |kind| CustomField { name: "attributes.size".to_owned(), kind };
    let mut configuration = IndexingConfiguration::default();
    configuration.things.mode = ThingIndexingMode::Registry;
    let things = |configuration: &IndexingConfiguration, name| {
        configuration.aggregated(IndexName::Things, name).map(|field| field.kind)
    };
    assert_eq!(things(&configuration, None), Ok(FieldType::Number));
    assert!(things(&configuration, Some("attributes.size")).is_err());
    assert!(things(&configuration, Some("connectivity.connected")).is_err());
    configuration.things.custom_fields = vec![field(FieldType::Number)];
    assert_eq!(things(&configuration, Some("attributes.size")), Ok(FieldType::Number));

    let thing = |size: &str| ThingDocument {
        attributes: [("size".to_owned(), size.to_owned())].into(),
        ..ThingDocument::default()
    };
    let count = |size: &str, kind| {
        let mut count = 0;
        cell(&thing(size), &field(kind), &mut |_| count += 1);
        count
    };
    assert_eq!((count("1.5", FieldType::Number), count("big", FieldType::Number)), (1, 0));
    assert_eq!((count("true", FieldType::Boolean), count("1", FieldType::Boolean)), (1, 0));
    assert_eq!(count("big", FieldType::String), 1);
}

#[test]
fn a_configuration_whose_parts_do_not_go_together_is_refused() {
    let fields = |names: &[&str]| -> Vec<CustomField> {
        let field = |name: &&str| CustomField { name: (*name).to_owned(), kind: FieldType::String };
        names.iter().map(field).collect()
    };
    let on = ThingIndexing { mode: ThingIndexingMode::Registry, ..ThingIndexing::default() };
    let with = |names: &[&str]| ThingIndexing { custom_fields: fields(names), ..on.clone() };
    assert!(on.check().is_ok());
    assert!(with(&["attributes.a", "attributes.b"]).check().is_ok());
    for refused in [
        ThingIndexing { connectivity: true, ..ThingIndexing::default() },
        ThingIndexing { custom_fields: fields(&["attributes.a"]), ..ThingIndexing::default() },
        with(&["thingName"]),
        with(&["shadow.desired.power"]),
        with(&["attributes.a", "attributes.a"]),
        with(&[
            "attributes.1",
            "attributes.2",
            "attributes.3",
            "attributes.4",
            "attributes.5",
            "attributes.6",
        ]),
    ] {
        assert!(refused.check().is_err(), "{refused:?}");
    }
    let shadows = ThingIndexing {
        mode: ThingIndexingMode::RegistryAndShadow,
        ..with(&["shadow.desired.power"])
    };
    assert!(shadows.check().is_ok());
    assert!(GroupIndexing { on: true, custom_fields: fields(&["attributes.a"]) }.check().is_ok());
    assert!(GroupIndexing { on: true, custom_fields: fields(&["version"]) }.check().is_err());
}
