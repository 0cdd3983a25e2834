"""Step 3 of §6 and what opens the blocks: keys and their derivation (§2.3, §3, §4)."""

import hashlib
import hmac

import argon2.low_level
import nacl.bindings
import nacl.exceptions

from vault_reader.cursor import Refused
from vault_reader.frames import DIGEST, FRAME, PASSPHRASE, RECOVERY, SIZES, TAIL, costs
from vault_reader.secrets import decode_recovery_code, prepare_passphrase


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(prk, info):
    """HKDF-Expand of RFC 5869 with 32 bytes of output, which is one round. Extract is `mac(salt, material)`."""
    return mac(prk, info + b"\x01")


def unseal(key, nonce, sealed, associated):
    """The plaintext, or None if the tag is wrong."""
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, associated, nonce, key)
    except nacl.exceptions.CryptoError:
        return None


def input_key_material(slot, prepared):
    if slot.type == RECOVERY:
        return prepared
    memory, passes, lanes = costs(slot)
    return argon2.low_level.hash_secret_raw(
        prepared, slot.parameters[:32], passes, memory, lanes, 32, argon2.low_level.Type.ID, version=0x13
    )


def unwrap(header, slot, prepared):
    """The vault's PRK, if the slot opens (§3, §4)."""
    prk = mac(b"keyward.slot.v1" + header.vault_id + slot.id, input_key_material(slot, prepared))
    if not hmac.compare_digest(slot_commitment(header.vault_id, slot.id, wrap_keys(prk)), slot.commitment):
        return None
    vault_key = unwrap_key(header, slot, prk)
    if vault_key is None:
        return None
    prk = mac(b"keyward.vault.v1" + header.vault_id, vault_key)
    return prk if hmac.compare_digest(expand(prk, b"commitment"), header.commitment) else None


def wrap_keys(prk):
    """Slot key and slot public, as the record of a slot has them."""
    return expand(prk, b"wrap") + nacl.bindings.crypto_scalarmult_base(expand(prk, b"x25519"))


def slot_commitment(vault_id, slot_id, keys):
    return expand(mac(b"keyward.commitment.v1" + vault_id + slot_id, keys), b"commitment")


def unwrap_key(header, slot, prk):
    """The vault key, by a slot whose commitment has been compared."""
    place = slot.type.to_bytes(2, "big") + slot.flags.to_bytes(2, "big") + slot.id
    parameters = len(slot.parameters).to_bytes(4, "big") + slot.parameters
    associated = b"keyward.slot.v1" + header.vault_id + header.commitment + place + parameters + slot.commitment + slot.ephemeral
    slot_key, slot_secret = expand(prk, b"wrap"), expand(prk, b"x25519")
    slot_public = nacl.bindings.crypto_scalarmult_base(slot_secret)
    try:
        shared = nacl.bindings.crypto_scalarmult(slot_secret, slot.ephemeral)
    except nacl.exceptions.CryptoError:  # an ephemeral key of low order
        return None
    wrap_key = expand(mac(slot_key, shared), b"wrap" + slot.ephemeral + slot_public)
    return unseal(wrap_key, slot.nonce, slot.wrapped, associated)


def unlock(header, secret):
    """The vault's PRK, by the first slot that opens."""
    kind, typed = secret
    try:
        prepared = (prepare_passphrase if kind == PASSPHRASE else decode_recovery_code)(typed)
    except ValueError as error:
        raise Refused("locked", f"this cannot be the secret: {error}") from None
    opened = (unwrap(header, slot, prepared) for slot in header.slots if slot.type == kind)
    prk = next((each for each in opened if each), None)
    if prk is None:
        raise Refused("locked", "no slot opens")
    return prk


def check_mac(prk, header):
    if not hmac.compare_digest(mac(expand(prk, b"header"), header.raw[:-TAIL]), header.raw[-TAIL:-DIGEST]):
        raise Refused("forged", "MAC of the header")


def open_block(prk, header, block):
    """The content of a block, without its padding (§2.3)."""
    key = expand(prk, b"block" + block.raw[4:6] + block.raw[8:32])
    associated = b"keyward.block.v1" + header.vault_id + header.commitment + block.raw[:36]
    padded = unseal(key, block.raw[36:FRAME], block.raw[FRAME:-DIGEST], associated)
    if padded is None:
        raise Refused("forged", "a block does not open")
    content = padded.rstrip(b"\0")
    if content[-1:] != b"\x80":
        raise Refused("invalid", "padding of a block")
    if len(padded) != min(size for size in SIZES if size >= len(content)):
        raise Refused("invalid", "more padding than needed")
    return content[:-1]
