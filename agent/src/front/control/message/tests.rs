use proptest::prelude::*;

use super::*;
use crate::front::vault::message::{Id, Public, Purpose, State};

const ID: &str = "0123456789abcdef0123456789abcdef";

fn id() -> Id {
    Id::try_from(ID.to_owned()).unwrap()
}

fn error(json: &str) -> String {
    Request::decode(json.as_bytes()).unwrap_err().to_string()
}

fn key_error(json: &str) -> String {
    match Request::decode(json.as_bytes()) {
        Ok(Request::Vault(VaultRequest::Key(Err(error)))) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_without_fields_take_none() {
    for (name, expected) in [
        ("status", "Status"),
        ("vault commit", "Vault(Commit)"),
        ("vault lock", "Vault(Lock)"),
        ("vault list", "Vault(List)"),
    ] {
        let json = format!(r#"{{"request":"{name}"}}"#);
        assert_eq!(
            format!("{:?}", Request::decode(json.as_bytes()).unwrap()),
            expected
        );
        let json = format!(r#"{{"request":"{name}","x":1}}"#);
        assert!(
            error(&json).starts_with("malformed request: unknown field"),
            "{json}"
        );
    }
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    for json in [
        "",
        "{",
        "[]",
        "7",
        "null",
        r#"{"request":7}"#,
        "{}",
        "\u{0}",
    ] {
        assert!(error(json).starts_with("malformed request: "), "{json}");
    }
    assert_eq!(error(r#"{"request":"x"}"#), "unknown request \"x\"");
    let long = format!(r#"{{"request":"{}"}}"#, "x".repeat(60_000));
    assert!(error(&long).len() < 100);
}

#[test]
fn begin_has_every_field_and_a_good_path() {
    let json = |path: &str, purpose: &str| {
        format!(
            r#"{{"request":"vault begin","vault":"{ID}","path":"{path}","generation":1,"state":"open"{purpose}}}"#
        )
    };
    let good = json("/v", r#","purpose":"unlock""#);
    assert!(matches!(
        Request::decode(good.as_bytes()).unwrap(),
        Request::Vault(VaultRequest::Begin(begin)) if begin.is_open() && !begin.is_update()
    ));
    assert!(error(&json("/v", "")).contains("missing field `purpose`"));
    for path in ["v", "", "/a\\u0000b", &format!("/{}", "x".repeat(4095))] {
        assert!(
            error(&json(path, r#","purpose":"unlock""#)).contains("path"),
            "{path}"
        );
    }
    let bad_id = good.replace(ID, "0123456789ABCDEF0123456789abcdef");
    assert!(error(&bad_id).contains("32 hexadecimal digits"));
}

#[test]
fn key_without_a_private_part_has_a_blob() {
    let json = |more: &str| {
        format!(
            r#"{{"request":"vault key","record":"{ID}","version":1,"listing":{{"name":"x"}}{more}}}"#
        )
    };
    assert_eq!(
        key_error(&json("")),
        "malformed request: neither a private key nor a blob"
    );
    let blob = r#","blob":"%""#;
    assert_eq!(
        key_error(&json(blob)),
        "malformed request: blob is not base64"
    );
    assert!(key_error(&json(r#","blob":"","x":1"#)).contains("unknown field"));
    let with_blob = json(r#","blob":"AQI=""#);
    assert!(matches!(
        Request::decode(with_blob.as_bytes()),
        Ok(Request::Vault(VaultRequest::Key(Ok(_))))
    ));
    let with_reason = json(r#","reason":"no host""#);
    assert!(matches!(
        Request::decode(with_reason.as_bytes()),
        Ok(Request::Vault(VaultRequest::Key(Ok((_, Instead::Reason(reason)))))) if reason == "no host"
    ));
    assert!(key_error(&json(r#","reason":"","blob":"AQI=""#)).contains("do not go together"));
    assert!(decode_private(with_reason.as_bytes()).is_err());
    assert!(decode_private(with_blob.as_bytes()).is_err());
    assert!(decode_private(json("").as_bytes()).is_ok());
    assert!(decode_private(br#"{"request":"vault commit"}"#).is_err());
}

#[test]
fn listing_is_an_object_with_a_name() {
    for (listing, name) in [
        (r#"{"name":"x","more":[1]}"#, Some("x")),
        (r#"{"name":7}"#, None),
        (r#"{}"#, None),
        (r#""name""#, None),
    ] {
        let json =
            format!(r#"{{"request":"vault key","record":"{ID}","version":1,"listing":{listing}}}"#);
        let key = decode_private(json.as_bytes()).unwrap();
        assert_eq!(key.name().ok().as_deref(), name, "{listing}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::decode(&bytes);
        let _ = decode_private(&bytes);
    }

    #[test]
    fn what_is_written_is_read(
        path in "/[ -~à-ÿ]{0,60}",
        generation: u64,
        closed: bool,
        update: bool,
        version: u64,
        name in ".{0,40}",
        blob in proptest::collection::vec(any::<u8>(), 0..80),
        comment in ".{0,40}",
        reason: bool,
    ) {
        let sent = Begin {
            vault: id(),
            path,
            generation,
            state: if closed { State::Closed } else { State::Open },
            purpose: if update { Purpose::Update } else { Purpose::Unlock },
        };
        match Request::decode(&begin(&sent)) {
            Ok(Request::Vault(VaultRequest::Begin(read))) => prop_assert_eq!(read, sent),
            other => prop_assert!(false, "{:?}", other),
        }
        let listing = serde_json::value::to_raw_value(&serde_json::json!({ "name": name })).unwrap();
        let listed = Key { record: id(), version, listing };
        let public = match reason {
            true => Instead::Reason(comment),
            false => Instead::Public(Public { constraints: blob.clone(), blob, comment }),
        };
        match Request::decode(&key(&listed, Some(&public))) {
            Ok(Request::Vault(VaultRequest::Key(Ok((read, beside))))) => {
                prop_assert_eq!(read.version, version);
                prop_assert_eq!(read.listing.get(), listed.listing.get());
                prop_assert_eq!(read.name().unwrap(), name.chars().take(256).collect::<String>());
                prop_assert_eq!(beside, public);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        let read = decode_private(&key(&listed, None)).unwrap();
        prop_assert_eq!(read.listing.get(), listed.listing.get());
    }
}
