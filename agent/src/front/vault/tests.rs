use super::message::{Purpose, State};
use super::*;

fn id(digit: char) -> Id {
    Id::try_from(digit.to_string().repeat(32)).unwrap()
}

fn begin(purpose: Purpose) -> Begin {
    Begin {
        vault: id('a'),
        path: "/v".to_owned(),
        generation: 3,
        state: State::Open,
        purpose,
    }
}

fn key(record: char, version: u64, listing: &str) -> Key {
    Key {
        record: id(record),
        version,
        listing: RawValue::from_string(listing.to_owned()).unwrap(),
    }
}

fn told(catalogue: &Catalogue) -> Vec<String> {
    let listings = catalogue.listings().into_iter();
    listings.map(|listing| listing.get().to_owned()).collect()
}

#[test]
fn record_with_a_certificate_is_one_line() {
    let mut catalogue = Catalogue::succeed(&begin(Purpose::Unlock), None);
    catalogue.enter(key('1', 1, r#"{"name":"one"}"#), Rc::from([1]), None);
    catalogue.enter(key('1', 1, r#"{"name":"other"}"#), Rc::from([2]), None);
    catalogue.enter(key('2', 1, r#"{"name":"two"}"#), Rc::from([3]), None);
    assert_eq!(told(&catalogue), [r#"{"name":"one"}"#, r#"{"name":"two"}"#]);
}

#[test]
fn listing_comes_back_as_it_was_said_until_the_key_is_used() {
    let mut catalogue = Catalogue::succeed(&begin(Purpose::Unlock), None);
    let listing = r#"{"name":"x", "last_used" :5,"big":123456789012345678901234567890}"#;
    catalogue.enter(key('1', 1, listing), Rc::from([1]), None);
    assert_eq!(told(&catalogue), [listing]);
    catalogue.note_use(&[1], BootTime::now(), 4);
    assert_eq!(told(&catalogue), [listing]);
    catalogue.note_use(&[1], BootTime::now(), 6);
    let listing: Value = serde_json::from_str(&told(&catalogue)[0]).unwrap();
    assert_eq!(listing["last_used"], 6);
    assert_eq!(listing["name"], "x");
}

#[test]
fn use_and_removal_outlast_a_change_and_removal_no_unlocking() {
    let mut old = Catalogue::succeed(&begin(Purpose::Unlock), None);
    old.enter(key('1', 1, r#"{"name":"x"}"#), Rc::from([1]), None);
    old.note_use(&[1], BootTime::now(), 7);
    old.removed.insert(Rc::from([1]));
    let mut new = Catalogue::succeed(&begin(Purpose::Update), Some(&old));
    new.enter(key('1', 2, r#"{"name":"x"}"#), Rc::from([1]), Some(&old));
    new.inherit_use(&old);
    assert_eq!(told(&new), [r#"{"last_used":7,"name":"x"}"#]);
    assert!(new.removed.contains(&[1][..]));
    assert!(
        Catalogue::succeed(&begin(Purpose::Unlock), Some(&old))
            .removed
            .is_empty()
    );
}

#[test]
fn key_is_held_since_its_record_came_in_this_version() {
    let with = |record, version, old: Option<&Catalogue>| {
        let mut catalogue = Catalogue::succeed(&begin(Purpose::Update), old);
        let since = catalogue.enter(key(record, version, r#"{"name":"x"}"#), Rc::from([1]), old);
        (catalogue, since)
    };
    let (old, since) = with('1', 1, None);
    assert_eq!(with('1', 1, Some(&old)).1, since);
    assert!(with('1', 2, Some(&old)).1 > since);
    assert!(with('2', 1, Some(&old)).1 > since);
}

#[test]
fn closing_leaves_of_a_listing_what_the_ring_tells_too() {
    let mut catalogue = Catalogue::succeed(&begin(Purpose::Unlock), None);
    let listing = r#"{"name":"x","fingerprint":"f","comment":"c","constraints":{}}"#;
    catalogue.enter(key('1', 1, listing), Rc::from([1]), None);
    catalogue.note_use(&[1], BootTime::now(), 6);
    catalogue.close();
    assert_eq!(
        told(&catalogue),
        [r#"{"fingerprint":"f","last_used":6,"name":"x"}"#]
    );
    catalogue.enter(
        key('2', 1, r#"{"name":"y","notes":"n"}"#),
        Rc::from([2]),
        None,
    );
    assert_eq!(told(&catalogue)[1], r#"{"name":"y"}"#);
}
