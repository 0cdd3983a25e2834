//! Requests and answers: bytes to types and back.

use std::hint::black_box;

use criterion::Criterion;
use keyward_agent::protocol::message::{IdentitiesAnswer, Request, Response};

use crate::material::{ADD, LIST, SIGN};

pub(crate) fn measure(criterion: &mut Criterion) {
    let requests = [("sign", SIGN), ("list", LIST)];
    let adds = ADD.map(|(name, message)| (name, message));
    for (name, message) in requests {
        criterion.bench_function(&format!("codec/decode {name}"), |bencher| {
            bencher.iter(|| drop(black_box(Request::decode(black_box(message)).unwrap())));
        });
    }
    for (name, message) in adds {
        criterion.bench_function(&format!("codec/decode add {name}"), |bencher| {
            bencher.iter(|| drop(black_box(Request::decode(black_box(message)).unwrap())));
        });
    }
    criterion.bench_function("codec/encode signature", |bencher| {
        let blob = [7; 83];
        bencher.iter(|| Response::SignResponse(black_box(blob).to_vec()).encode());
    });
    criterion.bench_function("codec/encode list of 6", |bencher| {
        let (blob, comment) = ([7; 51], [b'c'; 20]);
        bencher.iter(|| {
            let identities = [(&blob[..], &comment[..]); 6];
            Response::IdentitiesAnswer(IdentitiesAnswer::encode(black_box(identities)).body)
                .encode()
        });
    });
}
