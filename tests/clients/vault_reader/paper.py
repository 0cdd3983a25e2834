"""One key on paper (§9): lines for typing or the texts of QR codes, and the bytes that they carry."""

import base64
import hashlib
import hmac
from types import SimpleNamespace

from vault_reader import records
from vault_reader.cursor import Cursor, Refused
from vault_reader.frames import PASSPHRASE, RECOVERY, check_costs
from vault_reader.secrets import SYMBOLS, decode_recovery_code, gf32, prepare_passphrase
from vault_reader.unlock import expand, input_key_material, mac, unseal

LABEL, START = b"keyward.paper.v1", "KWP1."
BYTES_MAX, DIGEST = 2_190, 16
PARAMETERS = {PASSPHRASE: 44, RECOVERY: 0}
# The same five bits a symbol, in the alphabet of RFC 4648.
TO_RFC = str.maketrans(SYMBOLS, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def open_paper(text, secret):
    """The key on a paper, by the secret as it was typed."""
    return open_bytes(read_text(text), secret)


def read_text(text):
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return join_parts(lines) if any(line.upper().startswith(START) for line in lines) else join_lines(lines)


def symbols(text):
    """Typed symbols in their one form (§3.2)."""
    text = text.upper().translate(str.maketrans("ILO", "110", " -\t\r\n"))
    if any(symbol not in SYMBOLS for symbol in text):
        raise Refused("damaged", "a symbol that there is not")
    return text


def from_base32(text):
    """The bytes, and refused bits that are not zero."""
    padded = text.translate(TO_RFC) + "=" * (-len(text) % 8)
    try:
        data = base64.b32decode(padded)
    except ValueError:
        raise Refused("damaged", "symbols that are no bytes") from None
    if base64.b32encode(data).decode().rstrip("=") != padded.rstrip("="):
        raise Refused("damaged", "bits that are not zero")
    return data


def decode_line(line):
    """§9.2: number and bytes."""
    line = symbols(line)
    first_sum, second_sum, power = 0, 0, 1
    for symbol in line:
        value = SYMBOLS.index(symbol)
        first_sum ^= gf32(value, power)
        second_sum ^= gf32(value, gf32(power, power))
        power = gf32(power, 2)
    if len(line) != 29 or first_sum or second_sum or not line[:3].isdigit():
        raise Refused("damaged", f"line {line[:3]}")
    return int(line[:3]), from_base32(line[3:27])


def join_lines(lines):
    found = {}
    for number, data in map(decode_line, lines):
        if found.setdefault(number, data) != data:
            raise Refused("damaged", f"line {number} twice")
    if sorted(found) != list(range(1, len(found) + 1)) or not found:
        raise Refused("damaged", "a line is missing")
    data = b"".join(found[number] for number in sorted(found))
    length = int.from_bytes(data[6:8], "big")
    if -(-length // 15) != len(found) or any(data[length:]):
        raise Refused("damaged", "number of lines, or what fills the last one")
    return data[:length]


def join_parts(lines):
    """§9.3"""
    parts, tags, counts = {}, set(), set()
    for line in lines:
        fields = line.upper().split(".")
        if len(fields) != 5 or fields[0] + "." != START or not (fields[1] + fields[2]).isdigit():
            raise Refused("damaged", "not the text of a QR code")
        parts[int(fields[1])] = from_base32(symbols(fields[4]))
        counts.add(int(fields[2]))
        tags.add(from_base32(symbols(fields[3])))
    if len(tags) != 1 or counts != {len(parts)} or sorted(parts) != list(range(1, len(parts) + 1)):
        raise Refused("damaged", "parts are missing or of different papers")
    data = b"".join(parts[number] for number in sorted(parts))
    if data[-DIGEST:][:5] != tags.pop():
        raise Refused("damaged", "tag of the parts")
    return data


def open_bytes(data, secret):
    """§9.1"""
    cursor = Cursor(data, "damaged", BYTES_MAX)
    if cursor.take(4) != b"KWVP":
        raise Refused("damaged", "not a paper")
    if cursor.number(1) != 1:
        raise Refused("unsupported", "version")
    kind = cursor.number(1)
    if cursor.number(2) != len(data) or hashlib.sha256(data[:-DIGEST]).digest()[:DIGEST] != data[-DIGEST:]:
        raise Refused("damaged", "length or digest")
    if kind not in PARAMETERS:
        raise Refused("unsupported", "slot type")
    paper_id = cursor.take(16)
    slot = SimpleNamespace(type=kind, parameters=cursor.take(PARAMETERS[kind]))
    check_costs(slot)
    commitment = cursor.take(32)
    associated = LABEL + data[: cursor.place]
    sealed = cursor.take(cursor.left() - DIGEST)
    if secret[0] != kind:
        raise Refused("locked", "a secret of the other kind")
    prepared = (prepare_passphrase if kind == PASSPHRASE else decode_recovery_code)(secret[1])
    prk = mac(LABEL + paper_id, input_key_material(slot, prepared))
    if not hmac.compare_digest(expand(prk, b"commitment"), commitment):
        raise Refused("locked", "commitment")
    content = unseal(expand(prk, b"record"), bytes(24), sealed, associated)
    if content is None:
        raise Refused("forged", "the paper does not open")
    key = records.decode(content)
    if not isinstance(key, records.Key) or key.removed:
        raise Refused("invalid", "no key")
    return key
