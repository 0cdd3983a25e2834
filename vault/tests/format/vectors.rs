//! Every vector is there, is what the cases make, and is read as it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use keyward_vault::header::Warning;
use keyward_vault::salvage::Rescue;
use keyward_vault::{
    Error, Opener, Passphrase, RecoveryCode, Sealed, Timestamp, Unlocking, Vault, salvage,
};

use crate::cases::Cases;
use crate::fixed::Fixed;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/vectors"))
}

/// A vector as its file has it.
pub(crate) struct Vector {
    pub(crate) head: Vec<(String, String)>,
    pub(crate) vault: Vec<u8>,
}

impl Vector {
    pub(crate) fn read(name: &str) -> Self {
        let file = fs::read(folder().join(name)).unwrap();
        let end = file.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let head = str::from_utf8(&file[..end]).unwrap();
        let line = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self {
            head: head.lines().map(line).collect(),
            vault: file[end + 2..].to_vec(),
        }
    }

    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let values = self.head.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    /// Opens the vault, and says which warning came with it.
    pub(crate) fn open(&self) -> Result<(Vault, Option<&'static str>), Error> {
        let sealed = Sealed::read(self.vault.clone())?;
        let warning = sealed.warning().map(|warning| match warning {
            Warning::HeaderDamaged => "twin",
            _ => "end",
        });
        let vault = self.opened(&sealed)?;
        Ok((vault, warning))
    }

    fn opened(&self, sealed: &Sealed) -> Result<Vault, Error> {
        if let Some(code) = self.value("recovery") {
            let code = RecoveryCode::parse(code)?;
            return sealed.unlock(&Opener::RecoveryCode(&code));
        }
        let passphrase = Passphrase::new(self.value("passphrase").unwrap_or_default())?;
        sealed.unlock(&Opener::Passphrase(&passphrase))
    }
}

/// Write the vectors anew with `KEYWARD_WRITE_VECTORS=1`. One that was released is never edited.
#[test]
fn vectors_are_what_the_cases_make() {
    let cases = Cases::all().0;
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), cases.len(), "a name is used twice");
    let listed: BTreeSet<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    if std::env::var_os("KEYWARD_WRITE_VECTORS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for case in &cases {
            fs::write(folder().join(&case.name), case.file()).unwrap();
        }
    }
    let found = fs::read_dir(folder()).unwrap();
    let found = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<_> = found.collect();
    for case in &cases {
        let written = fs::read(folder().join(&case.name)).unwrap_or_default();
        assert!(
            written == case.file(),
            "{} is not what its case makes",
            case.name
        );
    }
    assert_eq!(names, found, "cases and files");
    assert_eq!(names, listed, "cases and the list below");
}

#[test]
fn vectors_are_read_as_they_say() {
    let mut wrong = Vec::new();
    for name in NAMES {
        let vector = Vector::read(name);
        let expected = vector.value("expect").unwrap();
        let result = vector.open();
        let found = match &result {
            Ok(_) => "success",
            Err(error) => error.class().map_or("no class", |class| class.word()),
        };
        if found != expected {
            let error = result.as_ref().err().map(ToString::to_string);
            wrong.push(format!("{name}: {found}, not {expected}: {error:?}"));
        }
        if let (Ok((vault, warning)), "success") = (&result, expected) {
            if *warning != vector.value("warning") {
                wrong.push(format!("{name}: warning {warning:?}"));
            }
            let keys = vault
                .keys()
                .map(|key| format!("{} {}", key.fingerprint(), key.name()));
            let keys: BTreeSet<_> = keys.collect();
            let expected: BTreeSet<_> = vector
                .values("key")
                .into_iter()
                .map(str::to_owned)
                .collect();
            if keys != expected {
                wrong.push(format!("{name}: keys {keys:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_left_of_vectors_is_found() {
    let mut random = Fixed::new("salvage");
    let left = |name: &&&str| name.starts_with("salvage-");
    for name in NAMES.iter().filter(left) {
        let vector = Vector::read(name);
        let code = RecoveryCode::parse(vector.value("recovery").unwrap()).unwrap();
        let rescue = Rescue {
            opener: Opener::RecoveryCode(&code),
            unlocking: Unlocking::default(),
            now: Timestamp(1_790_000_000),
            entropy: &mut random,
        };
        let rescued = salvage(vector.vault.clone(), Some(rescue)).rescued;
        let vault = rescued.unwrap().unwrap().vault;
        let found: BTreeSet<_> = vault.keys().map(|key| key.name()).collect();
        let expected: BTreeSet<_> = vector.values("salvage").into_iter().collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// Every vector by its name, so that a missing one is seen.
const NAMES: &[&str] = &[
    "cost-everything",
    "cost-lanes-0",
    "cost-lanes-17",
    "cost-lanes-most",
    "cost-memory-0",
    "cost-memory-high",
    "cost-memory-low",
    "cost-memory-most",
    "cost-passes-0",
    "cost-passes-33",
    "cost-passes-most",
    "cost-second-slot",
    "cost-sum",
    "cost-work",
    "cost-work-memory",
    "damaged-appended",
    "damaged-appended-zeros",
    "damaged-block",
    "damaged-block-digest",
    "damaged-block-kind-0",
    "damaged-block-kind-3",
    "damaged-block-length-0",
    "damaged-block-length-16",
    "damaged-block-length-less",
    "damaged-block-length-manifest",
    "damaged-block-length-more",
    "damaged-block-length-most",
    "damaged-block-magic",
    "damaged-block-reserved",
    "damaged-body-0",
    "damaged-body-digest",
    "damaged-body-longer",
    "damaged-body-most",
    "damaged-body-shorter",
    "damaged-both-headers",
    "damaged-extension-both-flags",
    "damaged-extension-flags",
    "damaged-extension-most",
    "damaged-extension-rest",
    "damaged-extension-short",
    "damaged-extension-value",
    "damaged-garbage",
    "damaged-generation-0",
    "damaged-header-and-record",
    "damaged-headers-differ",
    "damaged-inserted",
    "damaged-length-0",
    "damaged-length-223",
    "damaged-length-65537",
    "damaged-length-most",
    "damaged-length-shorter",
    "damaged-manifest",
    "damaged-manifest-id",
    "damaged-manifest-last",
    "damaged-manifest-second",
    "damaged-manifest-version",
    "damaged-no-blocks",
    "damaged-no-manifest",
    "damaged-only-end",
    "damaged-order",
    "damaged-parameters-0",
    "damaged-parameters-43",
    "damaged-parameters-45",
    "damaged-parameters-most",
    "damaged-parameters-recovery",
    "damaged-prepended",
    "damaged-previous",
    "damaged-record-missing",
    "damaged-record-id-zeros",
    "damaged-record-more",
    "damaged-record-too-long",
    "damaged-records-0",
    "damaged-records-65537",
    "damaged-records-fewer",
    "damaged-records-more",
    "damaged-records-most",
    "damaged-same-id",
    "damaged-slot-0",
    "damaged-slot-33",
    "damaged-slot-flags",
    "damaged-slot-ids",
    "damaged-slot-ids-apart",
    "damaged-slot-longer",
    "damaged-slot-most",
    "damaged-slot-short",
    "damaged-slot-too-long",
    "damaged-slots-0",
    "damaged-slots-2",
    "damaged-slots-33",
    "damaged-start",
    "damaged-truncated-1",
    "damaged-truncated-half",
    "damaged-truncated-header",
    "damaged-truncated-magic",
    "damaged-truncated-trailer",
    "damaged-truncated-twin",
    "damaged-twice",
    "damaged-two-manifests",
    "damaged-version-0",
    "damaged-version-later",
    "damaged-version-most",
    "end-length",
    "end-length-huge",
    "end-magic",
    "end-twin-mac",
    "end-twin-magic",
    "end-zeros",
    "forged-extension",
    "forged-extension-gone",
    "forged-generation",
    "forged-mac",
    "forged-mac-key",
    "forged-mac-zeros",
    "forged-manifest",
    "forged-manifest-fewer",
    "forged-manifest-id",
    "forged-manifest-more",
    "forged-manifest-nonce",
    "forged-manifest-none",
    "forged-manifest-order",
    "forged-manifest-tag",
    "forged-manifest-version",
    "forged-minor",
    "forged-older",
    "forged-optional-flags",
    "forged-previous",
    "forged-record",
    "forged-record-id",
    "forged-record-key",
    "forged-record-last",
    "forged-record-nonce",
    "forged-record-tag",
    "forged-record-vault",
    "forged-record-version",
    "forged-record-zeros",
    "forged-slot-keys",
    "forged-slot-keys-other",
    "forged-swapped",
    "good-20-keys",
    "good-32-slots",
    "good-certificate",
    "good-content-16383",
    "good-content-4095",
    "good-content-4096",
    "good-content-510",
    "good-content-511",
    "good-content-512",
    "good-content-65535",
    "good-cost-sum",
    "good-ecdsa-256",
    "good-ecdsa-384",
    "good-ecdsa-521",
    "good-everything",
    "good-extension",
    "good-extensions",
    "good-generation-1",
    "good-generation-last",
    "good-key-twice",
    "good-lanes",
    "good-longest-fields",
    "good-longest-header",
    "good-longest-name",
    "good-longest-slot",
    "good-minor-1",
    "good-nested",
    "good-no-key",
    "good-one-key",
    "good-optional-flags",
    "good-passphrase-blanks",
    "good-passphrase-case",
    "good-passphrase-ends",
    "good-passphrase-excluded",
    "good-passphrase-hangul",
    "good-passphrase-longest",
    "good-passphrase-nfc",
    "good-passphrase-order",
    "good-passphrase-singleton",
    "good-recovery",
    "good-recovery-blanks",
    "good-recovery-joined",
    "good-recovery-look-alikes",
    "good-recovery-small",
    "good-removed-key",
    "good-removed-same-name",
    "good-rsa-16384",
    "good-rsa-2048",
    "good-rsa-4096",
    "good-rsa-8192",
    "good-second-passphrase",
    "good-sk-ecdsa",
    "good-sk-ed25519",
    "good-slot-label",
    "good-two-slots",
    "good-two-slots-recovery",
    "good-unknown-keys",
    "good-unknown-record",
    "good-unknown-slot",
    "invalid-cbor-array",
    "invalid-cbor-array-most",
    "invalid-cbor-break",
    "invalid-cbor-bytes-most",
    "invalid-cbor-deep",
    "invalid-cbor-deep-400",
    "invalid-cbor-deep-maps",
    "invalid-cbor-descending",
    "invalid-cbor-empty",
    "invalid-cbor-float",
    "invalid-cbor-half",
    "invalid-cbor-indefinite-array",
    "invalid-cbor-indefinite-bytes",
    "invalid-cbor-indefinite-map",
    "invalid-cbor-long-length",
    "invalid-cbor-long-pairs",
    "invalid-cbor-long-u16",
    "invalid-cbor-long-u32",
    "invalid-cbor-long-u64",
    "invalid-cbor-long-u8",
    "invalid-cbor-map-array",
    "invalid-cbor-map-bytes",
    "invalid-cbor-map-lengths",
    "invalid-cbor-map-order",
    "invalid-cbor-map-true",
    "invalid-cbor-map-twice",
    "invalid-cbor-negative-key",
    "invalid-cbor-pairs",
    "invalid-cbor-reserved",
    "invalid-cbor-rest",
    "invalid-cbor-short",
    "invalid-cbor-simple",
    "invalid-cbor-simple-byte",
    "invalid-cbor-surrogate",
    "invalid-cbor-tag",
    "invalid-cbor-text-key",
    "invalid-cbor-twice",
    "invalid-cbor-undefined",
    "invalid-cbor-utf-8",
    "invalid-certificate-32769",
    "invalid-certificate-empty",
    "invalid-changed-text",
    "invalid-comment-1025",
    "invalid-comment-empty",
    "invalid-comment-text",
    "invalid-confirm-1",
    "invalid-confirm-false",
    "invalid-created-negative",
    "invalid-destination-513",
    "invalid-destination-bytes",
    "invalid-destination-empty",
    "invalid-destinations-257",
    "invalid-destinations-none",
    "invalid-destinations-text",
    "invalid-key-label",
    "invalid-key-slot-id",
    "invalid-key-wrap-keys",
    "invalid-kind-negative",
    "invalid-kind-text",
    "invalid-lifetime-0",
    "invalid-lifetime-most",
    "invalid-lifetime-null",
    "invalid-manifest-count",
    "invalid-manifest-count-most",
    "invalid-manifest-empty",
    "invalid-manifest-padding",
    "invalid-manifest-rest",
    "invalid-manifest-short",
    "invalid-name-129",
    "invalid-name-bytes",
    "invalid-name-c1",
    "invalid-name-control",
    "invalid-name-delete",
    "invalid-name-empty",
    "invalid-no-changed",
    "invalid-no-created",
    "invalid-no-kind",
    "invalid-no-name",
    "invalid-no-private",
    "invalid-notes-16385",
    "invalid-notes-bytes",
    "invalid-notes-empty",
    "invalid-padding-end",
    "invalid-padding-longer",
    "invalid-padding-mark",
    "invalid-padding-none",
    "invalid-padding-ones",
    "invalid-padding-two-marks",
    "invalid-private-certificate",
    "invalid-private-comment",
    "invalid-private-curve",
    "invalid-private-empty",
    "invalid-private-point",
    "invalid-private-public-31",
    "invalid-private-rest",
    "invalid-private-rsa-1024",
    "invalid-private-rsa-negative",
    "invalid-private-rsa-zero",
    "invalid-private-seed",
    "invalid-private-short",
    "invalid-private-text",
    "invalid-private-truncated",
    "invalid-private-type",
    "invalid-private-type-case",
    "invalid-private-point-form",
    "invalid-private-scalar-zero",
    "invalid-private-scalar-long",
    "invalid-private-rsa-exponent",
    "invalid-private-rsa-prime",
    "invalid-private-halves",
    "invalid-removed-true",
    "invalid-same-name",
    "invalid-slot-id-15",
    "invalid-slot-id-other",
    "invalid-slot-keys-32",
    "invalid-slot-keys-text",
    "invalid-slot-label-65",
    "invalid-slot-label-bytes",
    "invalid-slot-label-control",
    "invalid-slot-label-empty",
    "invalid-slot-name",
    "invalid-slot-no-id",
    "invalid-slot-no-keys",
    "invalid-slot-private",
    "invalid-slot-record-missing",
    "invalid-slot-record-twice",
    "invalid-slot-removed",
    "invalid-slot-uncounted",
    "invalid-unknown-kind",
    "invalid-unknown-kind-cbor",
    "invalid-used-text",
    "locked-case",
    "locked-changed-passphrase",
    "locked-code",
    "locked-code-bits",
    "locked-code-check",
    "locked-code-empty",
    "locked-code-long",
    "locked-code-other",
    "locked-code-short",
    "locked-code-swap",
    "locked-code-symbol",
    "locked-code-u",
    "locked-commitment",
    "locked-compatibility",
    "locked-control",
    "locked-control-c1",
    "locked-empty",
    "locked-ephemeral",
    "locked-foreign-key",
    "locked-foreign-vault",
    "locked-long",
    "locked-memory",
    "locked-no-passphrase-slot",
    "locked-no-recovery-slot",
    "locked-nonce",
    "locked-other-vault-key",
    "locked-passphrase",
    "locked-removed-slot",
    "locked-salt",
    "locked-slot-id",
    "locked-space",
    "locked-tag",
    "locked-two-passphrases",
    "locked-type",
    "locked-unknown-type",
    "locked-vault-commitment",
    "locked-vault-id",
    "locked-wrapped",
    "not-both-magics",
    "not-empty",
    "not-line-ends",
    "not-one-byte",
    "not-openssh",
    "not-text",
    "not-zeros",
    "salvage-appended",
    "salvage-digest",
    "salvage-frame",
    "salvage-headers",
    "salvage-hole",
    "salvage-inserted",
    "salvage-length",
    "salvage-later",
    "salvage-older",
    "salvage-manifest",
    "salvage-record",
    "salvage-slot-record",
    "salvage-start",
    "salvage-truncated",
    "sealed-added-slot",
    "sealed-changed",
    "sealed-changed-passphrase",
    "sealed-dropped",
    "sealed-empty",
    "sealed-kept-passphrase",
    "sealed-kept-recovery",
    "sealed-one-key",
    "sealed-removed",
    "sealed-removed-slot",
    "sealed-types",
    "sealed-types-recovery",
    "sealed-undeleted",
    "twin-cost",
    "twin-digest",
    "twin-length",
    "twin-length-huge",
    "twin-mac",
    "twin-magic",
    "twin-major",
    "twin-slot",
    "twin-zeros",
    "unsupported-critical-highest",
    "unsupported-critical-lowest",
    "unsupported-extension",
    "unsupported-major-0",
    "unsupported-major-2",
    "unsupported-major-257",
    "unsupported-second-extension",
    "unsupported-suite-0",
    "unsupported-suite-2",
];
