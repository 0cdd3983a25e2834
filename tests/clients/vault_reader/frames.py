"""Steps 1 and 2 of §6: headers, slots, extensions and blocks, without a secret."""

import hashlib
from dataclasses import dataclass, field

from vault_reader.cursor import Cursor, Refused

MAGIC, END = b"\x89KWV\r\n\x1a\n", b"\n\x1a\n\rVWK\x89"
FILE_MAX, HEADER_MAX, SLOTS_MAX, SLOT_MAX, RECORDS_MAX = 2**30, 65_536, 32, 2_048, 65_536
FIXED, TAIL, TRAILER = 160, 64, 12  # of a header before the slots and after the extensions; of the file after the twin
SIZES = [512, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]
RECORD_SIZE_MAX = 262_144
MANIFEST, RECORD = 1, 2
FRAME, DIGEST, TAG = 60, 32, 16
PASSPHRASE, RECOVERY = 1, 2


@dataclass
class Slot:
    type: int
    flags: int
    id: bytes
    parameters: bytes
    commitment: bytes
    ephemeral: bytes
    nonce: bytes
    wrapped: bytes


@dataclass
class Header:
    raw: bytes
    vault_id: bytes = b""
    generation: int = 0
    record_count: int = 0
    body_length: int = 0
    commitment: bytes = b""
    body_digest: bytes = b""
    slots: list = field(default_factory=list)
    extensions: list = field(default_factory=list)


@dataclass
class Block:
    raw: bytes
    kind: int
    id: bytes
    version: int
    intact: bool

    @property
    def tag(self):
        return self.raw[-DIGEST - TAG : -DIGEST]


@dataclass
class Vault:
    header: Header
    warnings: list
    blocks: list


def sha256(data):
    return hashlib.sha256(data).digest()


def frame_header(file, start):
    """The bytes of the header at `start`, if it holds: by magic, major version, length and digest (§2.1)."""
    if file[start : start + 8] != MAGIC:
        raise Refused("damaged", "no magic at the header")
    cursor = Cursor(file[start + 8 : start + 16], "damaged")
    major, _minor, length = cursor.number(2), cursor.number(2), cursor.number(4)
    if major != 1:
        raise Refused("unsupported", f"major version {major}")
    if not FIXED + TAIL <= length <= HEADER_MAX or start + length > len(file):
        raise Refused("damaged", f"header length {length}")
    raw = file[start : start + length]
    if sha256(raw[:-DIGEST]) != raw[-DIGEST:]:
        raise Refused("damaged", "digest of the header")
    return raw


def frame_twin(file):
    """The bytes of the second header, which is found from the end of the file (§2)."""
    length = int.from_bytes(file[-TRAILER:-8], "big")
    start = len(file) - TRAILER - length
    if len(file) < TRAILER or file[-8:] != END or start < 0:
        raise Refused("damaged", "no end of a vault")
    raw = frame_header(file, start)
    if len(raw) != length:
        raise Refused("damaged", "length of the twin")
    return raw


def framed_headers(file):
    """Both headers, each as its bytes or as the refusal of it."""
    found = []
    for frame in (lambda: frame_header(file, 0), lambda: frame_twin(file)):
        try:
            found.append(frame())
        except Refused as refusal:
            found.append(refusal)
    return found


def choose_header(file):
    """The header to go by, and warnings (§2.1)."""
    if file[:8] != MAGIC and file[-8:] != END:
        raise Refused("not-a-vault", "neither magic")
    if len(file) > FILE_MAX:
        raise Refused("damaged", "longer than a vault can be")
    first, twin = framed_headers(file)
    if isinstance(first, bytes) and isinstance(twin, bytes) and first != twin:
        raise Refused("damaged", "the headers differ")
    if isinstance(first, bytes):
        return decode_header(first), [] if isinstance(twin, bytes) else ["end"]
    if isinstance(twin, bytes):
        return decode_header(twin), ["twin"]
    raise first


def decode_header(raw):
    cursor = Cursor(raw[16:-TAIL], "damaged")
    header = Header(raw, vault_id=cursor.take(16), generation=cursor.number(8))
    critical, _optional, suite = cursor.number(4), cursor.number(4), cursor.number(2)
    if critical:
        raise Refused("unsupported", f"critical flags {critical:#x}")
    if suite != 1:
        raise Refused("unsupported", f"suite {suite}")
    slot_count, header.record_count, header.body_length = cursor.number(2), cursor.number(4), cursor.number(8)
    header.commitment, previous, header.body_digest = cursor.take(32), cursor.take(32), cursor.take(32)
    if header.generation == 0 or not 1 <= slot_count <= SLOTS_MAX or header.record_count > RECORDS_MAX:
        raise Refused("damaged", "generation or counts")
    if header.generation == 1 and any(previous):
        raise Refused("damaged", "a digest before the first generation")
    header.slots = [decode_slot(cursor) for _ in range(slot_count)]
    if len({slot.id for slot in header.slots}) != slot_count:
        raise Refused("damaged", "two slots of one id")
    for slot in header.slots:
        check_costs(slot)
    work = [memory * passes for memory, passes, _ in (costs(slot) for slot in header.slots if slot.type == PASSPHRASE)]
    if sum(work) > 16_777_216:
        raise Refused("cost", f"{sum(work)} KiB times passes in all")
    header.extensions = decode_extensions(cursor)
    return header


def decode_slot(cursor):
    kind, flags, body = cursor.number(2), cursor.number(2), cursor.string()
    body = Cursor(body, "damaged", most=SLOT_MAX)
    slot = Slot(kind, flags, body.take(16), body.string(), body.take(32), body.take(32), body.take(24), body.take(48))
    body.finish()
    wanted = {PASSPHRASE: 44, RECOVERY: 0}.get(kind, len(slot.parameters))
    if flags or len(slot.parameters) != wanted:
        raise Refused("damaged", "flags or parameters of a slot")
    return slot


def costs(slot):
    cursor = Cursor(slot.parameters[32:], "damaged")
    return cursor.number(4), cursor.number(4), cursor.number(4)


def check_costs(slot):
    if slot.type != PASSPHRASE:
        return
    memory, passes, lanes = costs(slot)
    bounded = 19_456 <= memory <= 2_097_152 and 1 <= passes <= 32 and 1 <= lanes <= 16
    if not bounded or memory * passes > 4_194_304:
        raise Refused("cost", f"{memory} KiB, {passes} passes, {lanes} lanes")


def decode_extensions(cursor):
    extensions = []
    while cursor.left():
        kind, flags, value = cursor.number(2), cursor.number(2), cursor.string()
        if flags & ~1:
            raise Refused("damaged", f"flags of extension {kind}")
        extensions.append((kind, flags, value))
    for kind, flags, _value in extensions:
        if flags:
            raise Refused("unsupported", f"critical extension {kind}")
    return extensions


def frame_block(file, start, generation):
    """The block at `start`, if its frame is right for a vault of this generation (§2.3)."""
    cursor = Cursor(file[start : start + FRAME], "damaged")
    magic, kind, reserved = cursor.take(4), cursor.number(2), cursor.number(2)
    block_id, version, length = cursor.take(16), cursor.number(8), cursor.number(4)
    size = length - TAG
    if magic != b"KWVB" or kind not in (MANIFEST, RECORD) or reserved or size not in SIZES:
        raise Refused("damaged", "frame of a block")
    if not 1 <= version <= generation:
        raise Refused("damaged", "version of a block")
    if any(block_id) != (kind == RECORD):
        raise Refused("damaged", "id of a block")
    if kind == RECORD and size > RECORD_SIZE_MAX:
        raise Refused("damaged", "length of a record")
    raw = file[start : start + FRAME + length + DIGEST]
    if len(raw) != FRAME + length + DIGEST:
        raise Refused("damaged", "end of the file in a block")
    return Block(raw, kind, block_id, version, sha256(raw[:-DIGEST]) == raw[-DIGEST:])


def read_structure(file):
    """Everything that needs no secret."""
    header, warnings = choose_header(file)
    start = len(header.raw)
    end = start + header.body_length
    if len(file) != end + len(header.raw) + TRAILER:
        raise Refused("damaged", "length of the file")
    blocks = []
    for _ in range(1 + header.record_count):
        block = frame_block(file, start, header.generation)
        if not block.intact:
            raise Refused("damaged", "digest of a block")
        if block.kind != (RECORD if blocks else MANIFEST):
            raise Refused("damaged", "kind of a block")
        if block.kind == MANIFEST and block.version != header.generation:
            raise Refused("damaged", "version of the manifest")
        if len(blocks) > 1 and block.id <= blocks[-1].id:
            raise Refused("damaged", "order of records")
        blocks.append(block)
        start += len(block.raw)
    if start != end or sha256(b"".join(block.raw[-DIGEST:] for block in blocks)) != header.body_digest:
        raise Refused("damaged", "the blocks together")
    return Vault(header, warnings, blocks)
