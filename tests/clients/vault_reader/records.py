"""What records say (§5)."""

import unicodedata
from dataclasses import dataclass

from vault_reader import cbor, private_keys
from vault_reader.cursor import Refused

KEY, SLOT = 1, 2
TIME = range(2**64)


def text(least, most):
    return lambda value: type(value) is str and least <= len(value.encode()) <= most


def plain(value):
    return not any(unicodedata.category(each) == "Cc" for each in value)


def name(value):
    return text(1, 128)(value) and plain(value)


def label(value):
    return text(1, 64)(value) and plain(value)


def octets(least, most):
    return lambda value: type(value) is bytes and least <= len(value) <= most


def number(allowed):
    return lambda value: type(value) is int and value in allowed


def destinations(value):
    return type(value) is list and 1 <= len(value) <= 256 and all(text(1, 512)(each) for each in value)


# By key of the map: the kind of record it belongs to (None: all), whether it must be there, and the rule of its value.
FIELDS = {
    0: (None, True, number(TIME)),
    1: (None, True, number(TIME)),
    2: (None, True, number(TIME)),
    3: (KEY, True, name),
    4: (KEY, True, octets(0, 2**18)),
    5: (KEY, False, octets(1, 1_024)),
    6: (KEY, False, octets(1, 32_768)),
    7: (KEY, False, lambda value: value is True),
    8: (KEY, False, number(range(1, 2**32))),
    9: (KEY, False, destinations),
    10: (KEY, False, text(1, 16_384)),
    11: (KEY, False, number(TIME)),
    12: (KEY, False, number(TIME)),
    13: (SLOT, True, octets(16, 16)),
    14: (SLOT, True, octets(64, 64)),
    15: (SLOT, False, label),
}


@dataclass
class Slot:
    id: bytes
    keys: bytes


@dataclass
class Key:
    name: str
    comment: str
    removed: bool
    private: private_keys.PrivateKey

    @property
    def type(self):
        return self.private.type

    @property
    def fingerprint(self):
        return self.private.fingerprint


def decode(content):
    """The key that a record holds, the id of the slot that it is about, or None: of a kind that is not known."""
    record = cbor.decode(content)
    if type(record) is not dict or any(type(each) is not int or each < 0 for each in record):
        raise Refused("invalid", "not a map with unsigned keys")
    kind = record.get(0)
    for field, (owner, needed, rule) in FIELDS.items():
        # From 3 on the keys of the map mean nothing known in a record of an unknown kind.
        if owner is not None and kind not in (KEY, SLOT):
            continue
        present = field in record
        if owner in (None, kind):
            wrong = not rule(record[field]) if present else needed
        else:
            wrong = present
        if wrong:
            raise Refused("invalid", f"key {field} of a record of kind {kind}")
    if kind == SLOT:
        return Slot(record[13], record[14])
    if kind == KEY:
        comment = record.get(5, b"").decode(errors="backslashreplace")
        return Key(record[3], comment, 12 in record, private_keys.decode(record[4]))
    return None
