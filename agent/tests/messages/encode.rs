//! Writes requests as OpenSSH's clients do, to compare with what was decoded.

use keyward_agent::protocol::constraint::Constraints;
use keyward_agent::protocol::extension::Extension;
use keyward_agent::protocol::extension::restrict_destination::{DestinationConstraint, Hop};
use keyward_agent::protocol::message::{AddIdentity, Request};
use keyward_agent::protocol::private_key::{Material, PrivateKey};
use keyward_agent::protocol::wire::Writer;

/// Encodes a request; one of a smartcard has no body any more.
pub(crate) fn request(request: &Request<'_>) -> Vec<u8> {
    let mut message = Vec::new();
    match request {
        Request::RequestIdentities => message.push(11),
        Request::SignRequest(sign) => {
            message.push(13);
            message.put_string(sign.key_blob);
            message.put_string(sign.data);
            message.put_uint32(sign.flags.0);
        }
        Request::AddIdentity(add) => put_add_identity(&mut message, add),
        Request::RemoveIdentity(blob) => put_text(&mut message, 18, blob),
        Request::RemoveAllIdentities => message.push(19),
        Request::RemoveAllRsa1Identities => message.push(9),
        Request::Lock(passphrase) => put_text(&mut message, 22, passphrase),
        Request::Unlock(passphrase) => put_text(&mut message, 23, passphrase),
        Request::SmartcardKey => message.push(20),
        Request::Extension(extension) => put_extension(&mut message, extension),
        _ => unreachable!("a request without an encoding"),
    }
    message
}

fn put_text(message: &mut Vec<u8>, number: u8, text: &[u8]) {
    message.push(number);
    message.put_string(text);
}

fn put_add_identity(message: &mut Vec<u8>, add: &AddIdentity<'_>) {
    let is_constrained = add.constraints != Constraints::default();
    message.push(if is_constrained { 25 } else { 17 });
    put_private_key(message, &add.key);
    message.put_string(add.comment);
    put_constraints(message, &add.constraints);
}

/// Appends a private key from the name of its type on.
pub(crate) fn put_private_key(message: &mut Vec<u8>, key: &PrivateKey<'_>) {
    let name = match key.certificate {
        None => key.key_type().name(),
        Some(_) => key.key_type().certificate_name(),
    };
    message.put_string(name.as_bytes());
    if let Some(blob) = key.certificate {
        message.put_string(blob);
    }
    put_material(message, &key.material, key.certificate.is_none());
}

fn put_material(message: &mut Vec<u8>, material: &Material<'_>, is_plain: bool) {
    match *material {
        Material::Ed25519 { public, secret } => {
            message.put_string(public);
            message.put_string(secret);
        }
        Material::Ecdsa {
            curve,
            public,
            scalar,
        } => {
            if is_plain {
                message.put_string(curve.name().as_bytes());
                message.put_string(public);
            }
            message.put_mpint(scalar);
        }
        Material::Rsa {
            n,
            e,
            d,
            iqmp,
            p,
            q,
        } => {
            let numbers = [n, e, d, iqmp, p, q];
            let skipped = if is_plain { 0 } else { 2 };
            for number in &numbers[skipped..] {
                message.put_mpint(number);
            }
        }
        Material::SkEd25519 { public, .. } => {
            message.put_string(public);
            put_token(message, material);
        }
        Material::SkEcdsaP256 { public, .. } => {
            if is_plain {
                message.put_string(b"nistp256");
                message.put_string(public);
            }
            put_token(message, material);
        }
    }
}

fn put_token(message: &mut Vec<u8>, material: &Material<'_>) {
    if let Material::SkEd25519 {
        application,
        flags,
        key_handle,
        reserved,
        ..
    }
    | Material::SkEcdsaP256 {
        application,
        flags,
        key_handle,
        reserved,
        ..
    } = *material
    {
        message.put_string(application);
        message.push(flags);
        message.put_string(key_handle);
        message.put_string(reserved);
    }
}

fn put_constraints(message: &mut Vec<u8>, constraints: &Constraints) {
    if let Some(lifetime) = constraints.lifetime {
        message.push(1);
        message.put_uint32(lifetime.as_secs().try_into().unwrap());
    }
    if constraints.confirm {
        message.push(2);
    }
    if let Some(provider) = &constraints.sk_provider {
        put_text(message, 255, b"sk-provider@openssh.com");
        message.put_string(provider.as_bytes());
    }
    if !constraints.destinations.is_empty() {
        let mut list = Vec::new();
        for destination in &constraints.destinations {
            list.put_string(&destination_constraint(destination));
        }
        put_text(message, 255, b"restrict-destination-v00@openssh.com");
        message.put_string(&list);
    }
}

fn destination_constraint(destination: &DestinationConstraint) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_string(&hop(&destination.from));
    body.put_string(&hop(&destination.to));
    body.put_string(b"");
    body
}

fn hop(hop: &Hop) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_string(hop.user.as_bytes());
    body.put_string(hop.host.as_bytes());
    body.put_string(b"");
    for key in &hop.keys {
        body.put_string(&key.blob);
        body.push(u8::from(key.is_ca));
    }
    body
}

fn put_extension(message: &mut Vec<u8>, extension: &Extension<'_>) {
    message.push(27);
    match extension {
        Extension::Query => message.put_string(b"query"),
        Extension::SessionBind(bind) => {
            let bind = bind.unwrap();
            message.put_string(b"session-bind@openssh.com");
            message.put_string(bind.host_key);
            message.put_string(bind.session_id);
            message.put_string(bind.signature);
            message.push(u8::from(bind.forwarding));
        }
        Extension::Unsupported(name) => message.put_string(name),
    }
}
