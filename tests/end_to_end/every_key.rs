//! One test per kind of key.

/// Makes a test of `scenario`, a function that takes a `KeyKind`, for every kind of software key.
macro_rules! with_every_software_key {
    ($scenario:ident) => {
        crate::every_key::tests_of! {
            $scenario: ed25519 Ed25519, ecdsa_p256 EcdsaP256, ecdsa_p384 EcdsaP384, ecdsa_p521 EcdsaP521,
            rsa_2048 Rsa2048, rsa_3072 Rsa3072, rsa_4096 Rsa4096
        }
    };
}

/// Makes a test of `scenario`, a function that takes a `KeyKind`, for every kind of key, those of security keys too.
macro_rules! with_every_key {
    ($scenario:ident) => {
        crate::every_key::tests_of! {
            $scenario: ed25519 Ed25519, ecdsa_p256 EcdsaP256, ecdsa_p384 EcdsaP384, ecdsa_p521 EcdsaP521,
            rsa_2048 Rsa2048, rsa_3072 Rsa3072, rsa_4096 Rsa4096, sk_ed25519 SkEd25519, sk_ecdsa_p256 SkEcdsaP256
        }
    };
}

/// Makes a module named as the scenario with a test for each of the kinds given.
macro_rules! tests_of {
    ($scenario:ident: $($name:ident $kind:ident),+) => {
        mod $scenario {
            $(
                #[test]
                fn $name() {
                    super::$scenario(keyward_tests::KeyKind::$kind);
                }
            )+
        }
    };
}

pub(crate) use {tests_of, with_every_key, with_every_software_key};
