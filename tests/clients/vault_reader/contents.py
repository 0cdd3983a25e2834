"""The keys of a vault: step 4 of §6, and salvage (§8)."""

from vault_reader import records
from vault_reader.cursor import Cursor, Refused
from vault_reader.frames import DIGEST, FIXED, HEADER_MAX, MANIFEST, TAG, TAIL, TRAILER
from vault_reader.frames import decode_header, frame_block, framed_headers, sha256
from vault_reader.unlock import check_mac, open_block, slot_commitment, unlock


def list_keys(vault, secret):
    """The keys of an undamaged vault that are not removed."""
    header = vault.header
    prk = unlock(header, secret)
    check_mac(prk, header)
    manifest, *others = vault.blocks
    if decode_manifest(open_block(prk, header, manifest)) != [(each.id, each.version, each.tag) for each in others]:
        raise Refused("forged", "the manifest does not agree with the blocks")
    found = [records.decode(open_block(prk, header, each)) for each in others]
    slots = [each for each in found if isinstance(each, records.Slot)]
    if sorted(each.id for each in slots) != sorted(slot.id for slot in header.slots):
        raise Refused("invalid", "slots and their records")
    keys = present(found)
    if len({key.name for key in keys}) != len(keys):
        raise Refused("invalid", "two keys of one name")
    committed = {slot.id: slot.commitment for slot in header.slots}
    if any(slot_commitment(header.vault_id, each.id, each.keys) != committed[each.id] for each in slots):
        raise Refused("forged", "the record of a slot has other keys")
    return keys


def present(found):
    return [each for each in found if isinstance(each, records.Key) and not each.removed]


def decode_manifest(content):
    cursor = Cursor(content, "invalid")
    listed = [(cursor.take(16), cursor.number(8), cursor.take(TAG)) for _ in range(cursor.number(4))]
    cursor.finish()
    return listed


def salvage(file, secret):
    """The keys that can still be had from a damaged file (§8)."""
    header, prk, trusted = salvage_header(file, secret)
    manifests, opened = {}, []
    blocks = list(find_blocks(file))
    for block in blocks:
        try:
            content = open_block(prk, header, block)
            if block.kind == MANIFEST:
                manifests[block.version] = set(decode_manifest(content))
            else:
                opened.append((block, records.decode(content)))
        except Refused:
            continue
    # An older manifest opens as well, under its own version.
    listed = manifests.get(header.generation if trusted else max(manifests, default=0))
    if listed is not None:
        return present([found for block, found in opened if (block.id, block.version, block.tag) in listed])
    digests = sha256(b"".join(block.raw[-DIGEST:] for block in blocks))
    if trusted and len(blocks) == header.record_count + 1 and digests == header.body_digest:
        return present([found for block, found in opened if block.intact])
    newest = {block.id: found for block, found in sorted(opened, key=lambda each: each[0].version)}
    return present(newest.values())


def salvage_header(file, secret):
    """A header that opens, the vault's PRK, and whether the MAC is right: one that holds, or if none does as it stands."""
    headers, refusal, found = [], None, None
    held = [each for each in framed_headers(file) if isinstance(each, bytes)]
    twin = len(file) - TRAILER - int.from_bytes(file[-TRAILER:-8], "big")
    decoders = [lambda raw=raw: decode_header(raw) for raw in held]
    decoders = decoders or [lambda start=start: decode_as_it_stands(file, start) for start in (0, max(twin, 0))]
    for decode in decoders:
        try:
            headers.append(decode())
        except Refused as error:
            refusal = refusal or error
    for header in headers:
        try:
            prk = unlock(header, secret)
            found = found or (header, prk, False)
            check_mac(prk, header)
            return header, prk, True
        except Refused as error:
            refusal = refusal or error
    if found is None:
        raise refusal
    return found


def decode_as_it_stands(file, start):
    """A header whose magic or digest is damaged, and nothing else that its reading needs."""
    length = int.from_bytes(file[start + 12 : start + 16], "big")
    if not FIXED + TAIL <= length <= HEADER_MAX or start + length > len(file):
        raise Refused("damaged", f"header length {length}")
    return decode_header(file[start : start + length])


def find_blocks(file):
    """The blocks whose frames are right, wherever they are and of whatever generation. Digests of eight times the file's length are computed at most."""
    start, budget = 0, 8 * len(file)
    while budget > 0 and (start := file.find(b"KWVB", start)) >= 0:
        try:
            block = frame_block(file, start, 2**64 - 1)
        except Refused:
            start += 4
            continue
        yield block
        budget -= len(block.raw)
        start += len(block.raw) if block.intact else 4
