//! Backends of random descriptions are assessed without a finding: three here, more by `scripts/test-random`.

#[path = "../../build/tests/common/random.rs"]
mod random;

use casemate_assess::assess_files;
use casemate_assess::config::Config;
use casemate_assess::knowledge::Knowledge;
use casemate_build::generate;

#[test]
fn random_backends_are_assessed_clean() {
    for seed in [3, 7, 11] {
        let (text, _) = random::description(seed).unwrap();
        let files: Vec<(String, String)> = generate(&text)
            .unwrap()
            .files
            .into_iter()
            .map(|file| (file.path, file.text))
            .collect();
        let assessment =
            assess_files(&files, &Config::default(), Knowledge::built_in().unwrap()).unwrap();
        let found: Vec<String> = assessment
            .findings
            .iter()
            .map(|finding| format!("{finding:?}").chars().take(300).collect())
            .collect();
        assert!(found.is_empty(), "seed {seed}: {found:#?}\n{text}");
    }
}
