"""The keys of a vault: step 4 of §6, and salvage (§8)."""

from vault_reader import records
from vault_reader.cursor import Cursor, Refused
from vault_reader.frames import MANIFEST, TAG, decode_header, frame_block, framed_headers
from vault_reader.unlock import open_block, unlock


def list_keys(vault, secret):
    """The keys of an undamaged vault that are not removed."""
    prk = unlock(vault.header, secret)
    manifest, *others = vault.blocks
    if decode_manifest(open_block(prk, vault.header, manifest)) != [(each.id, each.version, each.tag) for each in others]:
        raise Refused("forged", "the manifest does not agree with the blocks")
    keys = [records.key(open_block(prk, vault.header, each)) for each in others]
    keys = [key for key in keys if key]
    if len({key.name for key in keys}) != len(keys):
        raise Refused("invalid", "two keys of one name")
    return keys


def decode_manifest(content):
    cursor = Cursor(content, "invalid")
    listed = [(cursor.take(16), cursor.number(8), cursor.take(TAG)) for _ in range(cursor.number(4))]
    cursor.finish()
    return listed


def salvage(file, secret):
    """The keys that can still be had from a damaged file (§8)."""
    header, prk = salvage_header(file, secret)
    listed, opened = None, []
    for block in find_blocks(file, header):
        try:
            content = open_block(prk, header, block)
            if block.kind == MANIFEST:
                listed = set(decode_manifest(content))
            else:
                opened.append((block, records.key(content)))
        except Refused:
            continue
    # Without the manifest nothing tells an older state of a record from the one of this generation; the newest is the best guess.
    newest = {block.id: (block, key) for block, key in sorted(opened, key=lambda each: each[0].version)}
    kept = opened if listed is not None else newest.values()
    return [key for block, key in kept if key and (listed is None or (block.id, block.version, block.tag) in listed)]


def salvage_header(file, secret):
    """The first header that is intact and opens, and the vault's PRK."""
    refusal = None
    for raw in framed_headers(file):
        try:
            if isinstance(raw, Refused):
                raise raw
            header = decode_header(raw)
            return header, unlock(header, secret)
        except Refused as error:
            refusal = refusal or error
    raise refusal


def find_blocks(file, header):
    """The blocks that hold, wherever they are."""
    start = 0
    while (start := file.find(b"KWVB", start)) >= 0:
        try:
            block = frame_block(file, start, header)
        except Refused:
            start += 4
            continue
        yield block
        start += len(block.raw)
