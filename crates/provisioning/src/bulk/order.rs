//! Which lines of a batch wait for one another: those of one thing or one certificate are carried
//! out in the order of the file, all others at once.

use std::collections::{BTreeMap, BTreeSet};

use fleetwright_core::plan::CertificateSource;
use fleetwright_core::template::{Inputs, Template};

use super::input::InputLine;
use super::line::parameters;

/// What a line is about, as far as other lines may be about it too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Thing(String),
    Certificate(String),
}

/// Splits a batch into sequences of lines, each in the order of the file.
pub(super) fn sequences(
    template: &Template,
    lines: impl Iterator<Item = InputLine>,
) -> Vec<Vec<InputLine>> {
    let lines = lines.map(|line| (subjects(template, &line), line));
    by_subject(lines)
}

fn by_subject<S: Ord, L>(lines: impl Iterator<Item = (BTreeSet<S>, L)>) -> Vec<Vec<L>> {
    let mut sequences: Vec<Vec<(usize, L)>> = Vec::new();
    let mut of_subject: BTreeMap<S, usize> = BTreeMap::new();
    for (number, (subjects, line)) in lines.enumerate() {
        let met: BTreeSet<usize> =
            subjects.iter().filter_map(|it| of_subject.get(it).copied()).collect();
        let first = met.first().copied().unwrap_or(sequences.len());
        if first == sequences.len() {
            sequences.push(Vec::new());
        }
        // A line of a thing and of another's certificate waits for both.
        for other in met.into_iter().skip(1) {
            let moved = sequences.get_mut(other).map(std::mem::take).unwrap_or_default();
            if let Some(sequence) = sequences.get_mut(first) {
                sequence.extend(moved);
            }
            of_subject.values_mut().filter(|it| **it == other).for_each(|it| *it = first);
        }
        of_subject.extend(subjects.into_iter().map(|subject| (subject, first)));
        if let Some(sequence) = sequences.get_mut(first) {
            sequence.push((number, line));
        }
    }
    sequences.retain(|sequence| !sequence.is_empty());
    let in_order = |mut sequence: Vec<(usize, L)>| {
        sequence.sort_by_key(|(number, _)| *number);
        sequence.into_iter().map(|(_, line)| line).collect()
    };
    sequences.into_iter().map(in_order).collect()
}

/// None for a line that registers nothing.
fn subjects(template: &Template, line: &InputLine) -> BTreeSet<Subject> {
    let Ok(parameters) = parameters(line) else { return BTreeSet::new() };
    let overrides = BTreeMap::new();
    let inputs = Inputs {
        parameters: &parameters,
        overrides: &overrides,
        certificate_id: None,
        subject: None,
    };
    let Ok(plan) = template.evaluate(&inputs) else { return BTreeSet::new() };
    let certificate = match plan.certificate.source {
        CertificateSource::Id(id) => Some(id.to_string()),
        CertificateSource::Pem { certificate, .. } => Some(certificate),
        // Each time another certificate.
        CertificateSource::SigningRequest(_) => None,
    };
    let thing = plan.thing.map(|thing| Subject::Thing(thing.name.to_string()));
    thing.into_iter().chain(certificate.map(Subject::Certificate)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(lines: &[&[u8]]) -> Vec<Vec<usize>> {
        let lines = lines.iter().enumerate();
        by_subject(lines.map(|(number, subjects)| (subjects.iter().copied().collect(), number)))
    }

    #[test]
    fn lines_of_one_subject_are_in_one_sequence_in_their_order() {
        assert_eq!(split(&[b"a", b"b", b"c"]), [[0], [1], [2]]);
        assert_eq!(split(&[b"a", b"b", b"a", b"a"]), [vec![0, 2, 3], vec![1]]);
        assert_eq!(split(&[b"", b"", b""]), [[0], [1], [2]]);
        // The third is of both that were apart.
        assert_eq!(split(&[b"a", b"b", b"ab", b"b", b"c"]), [vec![0, 1, 2, 3], vec![4]]);
        assert_eq!(split(&[b"b", b"a", b"a", b"ab"]), [[0, 1, 2, 3]]);
    }
}
