"""Private keys as an agent is given them (§5.1), and whether their halves fit."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from vault_reader.cursor import Cursor, Refused

ED25519, RSA = "ssh-ed25519", "ssh-rsa"
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
CURVES = {
    "ecdsa-sha2-nistp256": (b"nistp256", 65, ec.SECP256R1),
    "ecdsa-sha2-nistp384": (b"nistp384", 97, ec.SECP384R1),
    "ecdsa-sha2-nistp521": (b"nistp521", 133, ec.SECP521R1),
}


@dataclass
class PrivateKey:
    type: str
    public: list  # the strings of the public key after the type
    private: list  # the strings or integers that only the private key has

    @property
    def fingerprint(self):
        blob = b"".join(len(each).to_bytes(4, "big") + each for each in [self.type.encode(), *self.public])
        return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def decode(data):
    cursor = Cursor(data, "invalid")
    name = cursor.string().decode(errors="replace")
    if name == ED25519:
        found = decode_ed25519(cursor)
    elif name in CURVES:
        size = CURVES[name][1]
        public = [exactly(cursor, CURVES[name][0]), point(cursor, size)]
        found = PrivateKey(name, public, [mpint(cursor, size // 2)])
    elif name == RSA:
        found = decode_rsa(cursor)
    elif name == SK_ED25519:
        found = decode_security_key(name, [sized(cursor, 32)], cursor)
    elif name == SK_ECDSA:
        found = decode_security_key(name, [exactly(cursor, b"nistp256"), point(cursor, 65)], cursor)
    else:
        raise Refused("invalid", f"private key of type {name!r}")
    cursor.finish()
    return found


def sized(cursor, size):
    found = cursor.string()
    if len(found) != size:
        raise Refused("invalid", f"a string of {len(found)} bytes in a private key")
    return found


def exactly(cursor, wanted):
    found = cursor.string()
    if found != wanted:
        raise Refused("invalid", f"{found!r} in a private key")
    return found


def point(cursor, size):
    found = sized(cursor, size)
    if found[0] != 4:
        raise Refused("invalid", "a point that is compressed")
    return found


def mpint(cursor, most=2_048):
    """A positive integer in its shortest form (RFC 4251 section 5), of so many bytes at most."""
    found = cursor.string()
    value = int.from_bytes(found, "big")
    if not value or len(found) != value.bit_length() // 8 + 1 or value.bit_length() > 8 * most:
        raise Refused("invalid", "an integer in a private key")
    return value


def encode_mpint(value):
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def decode_ed25519(cursor):
    public, both = sized(cursor, 32), sized(cursor, 64)
    if both[32:] != public:
        raise Refused("invalid", "two public keys")
    return PrivateKey(ED25519, [public], [both[:32]])


def decode_rsa(cursor):
    n = mpint(cursor)
    if not 2_048 <= n.bit_length() <= 16_384:
        raise Refused("invalid", f"RSA of {n.bit_length()} bits")
    e, d, iqmp, p, q = (mpint(cursor, (n.bit_length() + 7) // 8) for _ in range(5))
    return PrivateKey(RSA, [encode_mpint(e), encode_mpint(n)], [n, e, d, iqmp, p, q])


def decode_security_key(name, public, cursor):
    public.append(cursor.string())  # the application
    flags, handle, reserved = cursor.number(1), cursor.string(), cursor.string()
    return PrivateKey(name, public, [flags, handle, reserved])


def check(key):
    """Whether the private key makes the public one: `fits`, `differs`, or `elsewhere` for a key in a security key."""
    return fits(key.private.type, key.private.public, key.private.private)


def fits(name, public, private):
    if name == ED25519:
        derived = ed25519.Ed25519PrivateKey.from_private_bytes(private[0]).public_key()
        same = derived.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw) == public[0]
    elif name in CURVES:
        same = derive_point(CURVES[name][2](), private[0]) == public[1]
    elif name == RSA:
        n, e, d, iqmp, p, q = private
        same = n == p * q and all(e * d % (prime - 1) == 1 for prime in (p, q)) and iqmp * q % p == 1
    else:
        return "elsewhere"
    return "fits" if same else "differs"


def derive_point(curve, scalar):
    try:
        derived = ec.derive_private_key(scalar, curve).public_key()
    except ValueError:
        return None
    return derived.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
