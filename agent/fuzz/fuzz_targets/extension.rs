//! Decodes the name and the body of an extension request.
#![no_main]

use keyward_agent::protocol::extension::Extension;
use keyward_agent::protocol::wire::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Extension::SessionBind(Ok(bind))) = Extension::decode(Reader::new(bytes)) {
        assert!(bytes.len() > bind.host_key.len() + bind.session_id.len() + bind.signature.len());
    }
});
