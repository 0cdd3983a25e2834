//! Splitting, the published vectors, and what may be wrong with shares.

use proptest::prelude::*;

use super::*;
use crate::fixed_entropy::Fixed;

const CODE: [u8; 16] = *b"sixteen secrets!";

pub(super) fn shares_of(words: &str) -> Vec<Share> {
    let code = RecoveryCode::from_bytes(&CODE);
    split(&code, words.parse().unwrap(), &mut Fixed::new("shares")).unwrap()
}

fn lines_of(words: &str) -> Vec<String> {
    let line = |share: &Share| share.format().expose().clone();
    shares_of(words).iter().map(line).collect()
}

fn error(lines: &[&String]) -> SharesError {
    let text: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
    read(&text.join("\n")).unwrap_err()
}

#[test]
fn every_published_vector_comes_out_as_it_says() {
    let vectors = include_str!("../../testdata/slip39/vectors.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 45);
    for vector in vectors {
        let name = vector[0].as_str().unwrap();
        let shares = vector[1].as_array().unwrap().iter();
        let shares: Result<Vec<_>, _> = shares
            .map(|share| Share::parse(share.as_str().unwrap()))
            .zip(1..)
            .map(|(share, line)| share.map(|share| (line, share)))
            .collect();
        let secret = shares.ok().and_then(|shares| {
            for (_, share) in &shares {
                let written = share.format();
                assert_eq!(Share::parse(written.expose()).as_ref(), Ok(share), "{name}");
            }
            combine(shares, b"TREZOR").ok()
        });
        let hex = secret.map(|secret| {
            let bytes = secret.expose().iter();
            bytes.map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        assert_eq!(
            hex.unwrap_or_default(),
            vector[2].as_str().unwrap(),
            "{name}"
        );
    }
}

#[test]
fn every_subset_of_enough_shares_gives_the_code_and_no_smaller_one_does() {
    for words in ["2-of-2", "2-of-3", "3-of-5", "5-of-5", "4-of-7"] {
        let split: Split = words.parse().unwrap();
        let lines = lines_of(words);
        assert_eq!(lines.len(), usize::from(split.count()));
        for subset in 1_u32..1 << lines.len() {
            let chosen = (0..lines.len()).filter(|index| subset >> index & 1 == 1);
            // The last first: the order does not count.
            let text: Vec<&str> = chosen.rev().map(|index| lines[index].as_str()).collect();
            let code = read(&text.join("\n"));
            let needed = split.threshold();
            match text.len() < usize::from(needed) {
                true => {
                    let found = text.len();
                    assert_eq!(code.unwrap_err(), SharesError::TooFew { found, needed });
                }
                false => assert_eq!(code.unwrap().bytes(), &CODE),
            }
        }
    }
    let most = lines_of("16-of-16");
    assert_eq!(read(&most.join("\n")).unwrap().bytes(), &CODE);
    let more = [&most[..], &most[..1]].concat().join("\n");
    assert_eq!(read(&more).unwrap_err(), SharesError::TooMany);
}

#[test]
fn doubled_mixed_and_changed_shares_are_found() {
    let lines = lines_of("2-of-3");
    let same = SharesError::Same { line: 2, other: 1 };
    assert_eq!(error(&[&lines[0], &lines[0]]), same);
    assert_eq!(
        error(&[&lines[2], &lines[0], &lines[2]]),
        SharesError::Same { line: 3, other: 1 }
    );
    let mut entropy = Fixed::new("another splitting");
    let code = RecoveryCode::from_bytes(&CODE);
    let others = split(&code, "2-of-3".parse().unwrap(), &mut entropy).unwrap();
    let other = others[1].format().expose().clone();
    let mixed = SharesError::Mixed { line: 2, other: 1 };
    assert_eq!(error(&[&lines[0], &other]), mixed);
    // With the same identifier only the digest tells them apart.
    for (index, mut share) in others.into_iter().enumerate() {
        share.common = shares_of("2-of-3")[0].common;
        let other = share.format().expose().clone();
        for line in lines.iter().filter(|line| **line != lines[index]) {
            assert_eq!(error(&[line, &other]), SharesError::Disagree);
        }
        assert_eq!(error(&[&lines[index], &other]), SharesError::Disagree);
        // One beyond those that are enough is looked at as well.
        let right: Vec<&String> = lines.iter().filter(|line| **line != lines[index]).collect();
        assert_eq!(error(&[right[0], right[1], &other]), SharesError::Disagree);
    }
    let unlike = lines_of("3-of-3");
    assert_eq!(error(&[&lines[0], &unlike[1]]), mixed);
}

#[test]
fn every_change_of_a_byte_is_found() {
    for place in 0..16 {
        for bit in 0..8 {
            let mut shares = shares_of("2-of-2");
            shares[1].value.expose_mut()[place] ^= 1 << bit;
            let lines: Vec<String> = shares
                .iter()
                .map(|share| share.format().expose().clone())
                .collect();
            assert_eq!(error(&[&lines[0], &lines[1]]), SharesError::Disagree);
        }
    }
}

#[test]
fn all_wrong_lines_are_named() {
    let lines = lines_of("2-of-3");
    let swapped = {
        let mut words: Vec<&str> = lines[1].split(' ').collect();
        words.swap(8, 9);
        words.join(" ")
    };
    let text = format!(
        "# share\n\n{}\n{swapped}\nacademic acid nosuchword\n",
        lines[0]
    );
    let wrong = vec![(4, ShareError::Check), (5, ShareError::Word { place: 3 })];
    let error = read(&text).unwrap_err();
    assert_eq!(error, SharesError::Lines(wrong));
    assert_eq!(
        error.to_string(),
        "line 4 is no share: its words do not agree with its last three, which are a checksum; \
         line 5 is no share: word 3 is in no share"
    );
    assert_eq!(read("# nothing\n").unwrap_err(), SharesError::None);
}

#[test]
fn shares_that_ask_for_too_much_are_refused() {
    let mut shares = shares_of("2-of-2");
    for share in &mut shares {
        share.common.parameters.exponent = 15;
    }
    let text: Vec<String> = shares
        .iter()
        .map(|share| share.format().expose().clone())
        .collect();
    assert_eq!(
        read(&text.join("\n")).unwrap_err(),
        SharesError::Work { exponent: 15 }
    );
}

#[test]
fn only_what_makes_sense_is_split() {
    let split = |words: &str| words.parse::<Split>();
    assert_eq!(split("2-of-16"), Split::new(2, 16));
    assert_eq!(split("1-of-1"), Err(SplitError::One));
    assert_eq!(split("1-of-3"), Err(SplitError::One));
    assert_eq!(split("0-of-0"), Err(SplitError::One));
    assert_eq!(split("3-of-2"), Err(SplitError::Order));
    assert_eq!(split("2-of-17"), Err(SplitError::TooMany));
    for words in [
        "", "2", "2of3", "2-of-", "-of-3", "+2-of-3", "2-of-300", "2-of-3 ",
    ] {
        assert_eq!(split(words), Err(SplitError::Form), "{words}");
    }
}

#[test]
fn shares_are_told_from_a_recovery_code() {
    let code = RecoveryCode::from_bytes(&CODE).format();
    for text in [
        code.expose(),
        &code.expose().replace('-', " "),
        "",
        "correct horse",
    ] {
        assert!(!are_meant(text));
    }
    let lines = lines_of("2-of-2");
    assert!(are_meant(&lines.join("\n")));
    assert!(are_meant(&format!(
        "# share 1\n{}",
        lines[1].to_uppercase()
    )));
    let short: Vec<&str> = lines[0].split(' ').map(|word| &word[..4]).collect();
    assert!(are_meant(&short.join(" ")));
}

/// The statistic of Pearson's test over 256 bins.
fn chi_square(counts: &[u32; 256]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / 256.0;
    let terms = counts
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2) / expected);
    terms.sum()
}

/// What the statistic exceeds once in ten million times, at 255 degrees of freedom.
const CHI_SQUARE_MAX: f64 = 390.0;

#[test]
fn fewer_shares_than_it_takes_are_uniform_whatever_the_secret() {
    const SPLITTINGS: u64 = 12_800;
    for (threshold, secret) in [(2, [0; 16]), (3, CODE), (4, [255; 16])] {
        let mut entropy = Fixed::numbered("uniform", u64::from(threshold));
        // For all bytes of all shares, and for the sums of pairs of shares where two tell nothing yet.
        let mut single = [0; 256];
        let mut of_first = [0; 256];
        let mut pairs = [0; 256];
        for _ in 0..SPLITTINGS {
            let points =
                polynomial::split(&secret, threshold, threshold + 1, &mut entropy).unwrap();
            let values: Vec<&Vec<u8>> = points.iter().map(|point| point.value.expose()).collect();
            of_first[usize::from(values[usize::from(threshold)][0])] += 1;
            for place in 0..16 {
                single[usize::from(values[usize::from(threshold) - 1][place])] += 1;
                pairs[usize::from(values[0][place] ^ values[2][place])] += 1;
            }
        }
        for counts in [&single, &of_first, &pairs] {
            let statistic = chi_square(counts);
            assert!(statistic < CHI_SQUARE_MAX, "{threshold}: {statistic}");
            assert!(counts[0] > 0);
        }
    }
}

#[test]
fn the_highest_coefficient_is_uniform_and_zero_is_not_left_out() {
    const SPLITTINGS: u32 = 6_400;
    let mut entropy = Fixed::new("coefficients");
    let mut counts = [0; 256];
    for _ in 0..SPLITTINGS {
        let points = polynomial::split(&CODE, 2, 2, &mut entropy).unwrap();
        // A line through the places 0 and 1.
        let values = points.iter().map(|point| point.value.expose());
        let values: Vec<&Vec<u8>> = values.collect();
        for place in 0..16 {
            counts[usize::from(values[0][place] ^ values[1][place])] += 1;
        }
    }
    assert!(chi_square(&counts) < CHI_SQUARE_MAX);
    // 400 times is what is expected, with a deviation of 20.
    assert!((300..500).contains(&counts[0]), "{}", counts[0]);
    let odd: u32 = counts.iter().skip(1).step_by(2).sum();
    assert!((50_000..52_400).contains(&odd), "{odd}");
}

#[test]
fn the_test_of_uniformity_finds_a_generator_that_leaves_zero_out() {
    let mut entropy = Fixed::new("biased");
    let mut counts = [0; 256];
    for _ in 0..102_400 {
        let byte: [u8; 1] = random::array(&mut entropy).unwrap();
        counts[usize::from(byte[0].max(1))] += 1;
    }
    assert!(chi_square(&counts) > CHI_SQUARE_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_code_comes_back_from_its_last_shares(
        bytes in any::<[u8; 16]>(),
        (threshold, count) in (2_u8..=16).prop_flat_map(|count| (2..=count, Just(count))),
        seed in any::<u64>(),
    ) {
        let code = RecoveryCode::from_bytes(&bytes);
        let how = Split::new(threshold, count).unwrap();
        let shares = split(&code, how, &mut Fixed::numbered("property", seed >> 8)).unwrap();
        let last = shares.iter().rev().take(usize::from(threshold));
        let lines: Vec<String> = last.map(|share| share.format().expose().clone()).collect();
        let read = read(&lines.join("\n")).unwrap();
        prop_assert_eq!(read.bytes(), &bytes);
    }
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in "([a-z]{4,8} ?|\\PC|\n){0,60}") {
        let _ = read(&text);
        let _ = are_meant(&text);
    }
}
