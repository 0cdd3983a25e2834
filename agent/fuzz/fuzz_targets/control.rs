//! Decodes requests on the control socket: what is written again is the same request.
#![no_main]

use keyward_agent::front::control::message::{Request, VaultRequest, begin, decode_private, key};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(private) = decode_private(json) {
        let again = decode_private(&key(&private, None)).expect("a key that was read can be written");
        assert_eq!(again.record, private.record);
        assert_eq!(again.listing.get(), private.listing.get());
        assert_eq!(again.name(), private.name());
    }
    match Request::decode(json) {
        Ok(Request::Vault(VaultRequest::Begin(sent))) => {
            let Ok(Request::Vault(VaultRequest::Begin(again))) = Request::decode(&begin(&sent)) else {
                panic!("a beginning that was read cannot be written");
            };
            assert_eq!(again, sent);
            assert!(again.path.starts_with('/'));
        }
        Ok(Request::Vault(VaultRequest::Key(Ok((sent, public))))) => {
            let again = Request::decode(&key(&sent, Some(&public)));
            let Ok(Request::Vault(VaultRequest::Key(Ok((_, beside))))) = again else {
                panic!("a key that was read cannot be written");
            };
            assert_eq!(beside, public);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
        _ => {}
    }
});
