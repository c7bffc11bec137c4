//! The JSON form of a [`Diagnosis`].

use serde::Serialize;

use super::answer::Diagnosis;
use super::array::Array;

#[derive(Serialize)]
struct File<'a> {
    agrees: bool,
    tolerance: f64,
    arrays: Vec<ArrayEntry>,
    findings: Vec<FindingEntry<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remarks: &'a [String],
}

#[derive(Serialize)]
struct ArrayEntry {
    array: &'static str,
    layer: Option<usize>,
    difference: f64,
    agrees: bool,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    id: &'static str,
    layer: Option<usize>,
    explains: Vec<String>,
    sentence: &'a str,
    equation: &'static str,
    chapter: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    with: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    tell_apart: &'a Option<String>,
}

impl Diagnosis {
    /// The comparison in JSON. A difference is `null` if all our entries are zero and theirs are not.
    pub fn to_json(&self) -> String {
        let arrays = self.arrays.iter().map(|compared| ArrayEntry {
            array: compared.array.quantity.name(),
            layer: compared.array.layer,
            difference: compared.difference,
            agrees: compared.agrees,
        });
        let findings = self.findings.iter().map(|finding| {
            let equation = finding.made.mistake.equation_in(finding.layer, self.layers);
            FindingEntry {
                id: finding.made.mistake.id,
                layer: finding.layer,
                explains: finding.explains.iter().map(Array::to_string).collect(),
                sentence: &finding.sentence,
                equation: equation.number,
                chapter: equation.chapter,
                with: &finding.with,
                tell_apart: &finding.tell_apart,
            }
        });
        let file = File {
            agrees: self.agrees,
            tolerance: self.tolerance,
            arrays: arrays.collect(),
            findings: findings.collect(),
            remarks: &self.remarks,
        };
        serde_json::to_string_pretty(&file).expect("numbers and strings are JSON") + "\n"
    }
}
