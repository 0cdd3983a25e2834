"""Reads vaults and judges them: a second reader, written from vault/FORMAT.md alone. Sections (§) are those of that text.

read_vault.py check VECTOR…                                            exit status 1 if one differs from what it says of itself
read_vault.py check-paper VECTOR…                                      the same for keys on paper
read_vault.py list VAULT (--passphrase-file F | --recovery-file F) [--json] [--check-private]
read_vault.py structure VAULT                                          what can be seen without a secret
"""

import argparse
import json
import pathlib
import sys

from vault_reader import private_keys
from vault_reader.contents import list_keys, salvage
from vault_reader.cursor import Refused
from vault_reader.paper import open_paper
from vault_reader.frames import PASSPHRASE, RECOVERY, costs, read_structure


def read_vector(path):
    """The lines of a vector as pairs, and the vault (§10)."""
    head, _, file = path.read_bytes().partition(b"\n\n")
    return [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in head.decode().split("\n")], file


def judge(file, secrets):
    """What the vectors' lines say, as this reader finds it: class, keys, warnings and salvaged names."""
    keys, warnings, reason = [], [], ""
    try:
        vault = read_structure(file)
        warnings = vault.warnings
        for secret in secrets:
            keys = list_keys(vault, secret)
        outcome = "success"
    except Refused as refusal:
        outcome, reason, keys, warnings = refusal.kind, str(refusal), [], []
    try:
        saved = sorted(key.name for secret in secrets[:1] for key in salvage(file, secret))
    except Refused:
        saved = []
    found = sorted(f"{key.fingerprint} {key.name}" for key in keys)
    return {"expect": [outcome], "key": found, "warning": warnings, "salvage": saved}, reason


def check(path):
    lines, file = read_vector(path)
    given = {"passphrase": PASSPHRASE, "recovery": RECOVERY}
    secrets = [(given[name], value.encode()) for name, value in lines if name in given]
    found, reason = judge(file, secrets)
    print(f"{path.name}: " + " ".join(found["expect"] + found["key"]) + (f" ({reason})" if reason else ""))
    agrees = True
    for name, values in found.items():
        wanted = sorted(value for line, value in lines if line == name and value)
        told = name != "salvage" or any(line == name for line, _value in lines)
        if told and wanted != values:
            agrees = False
            print(f"{path.name}: {name} should be {wanted} and is {values}", file=sys.stderr)
    return agrees


def check_paper(path):
    """Whether a key on paper comes to what its vector says (§10)."""
    lines, text = read_vector(path)
    lines = dict(lines)
    secret = (PASSPHRASE, lines["passphrase"]) if "passphrase" in lines else (RECOVERY, lines["recovery"])
    try:
        key = open_paper(text.decode(), (secret[0], secret[1].encode()))
        found = {"expect": "success", "key": f"{key.fingerprint} {key.name}", "private": private_keys.check(key)}
    except Refused as refusal:
        found = {"expect": refusal.kind}
    wanted = {name: lines[name] for name in ("expect", "key") if name in lines}
    agrees = all(found.get(name) == value for name, value in wanted.items()) and found.get("private") != "differs"
    print(f"{path.name}: " + " ".join(found.values()))
    if not agrees:
        print(f"{path.name}: should be {wanted}", file=sys.stderr)
    return agrees


def read_secret(arguments):
    if arguments.passphrase_file:
        typed = arguments.passphrase_file.read_bytes()
        return PASSPHRASE, typed.removesuffix(b"\n").removesuffix(b"\r") if typed.endswith(b"\n") else typed
    return RECOVERY, arguments.recovery_file.read_bytes()


def print_keys(arguments):
    keys = list_keys(read_structure(arguments.vault.read_bytes()), read_secret(arguments))
    rows = []
    for key in keys:
        row = {"name": key.name, "type": key.type, "fingerprint": key.fingerprint, "comment": key.comment}
        if arguments.check_private:
            row["private"] = private_keys.check(key)
        rows.append(row)
    print(json.dumps(rows) if arguments.json else "\n".join("\t".join(row.values()) for row in rows))
    return all(row.get("private") != "differs" for row in rows)


def print_structure(arguments):
    vault = read_structure(arguments.vault.read_bytes())
    header = vault.header
    print(f"vault {header.vault_id.hex()}, generation {header.generation}, {header.record_count} records", *vault.warnings)
    for slot in header.slots:
        print(f"slot {slot.id.hex()} type {slot.type}", *(costs(slot) if slot.type == PASSPHRASE else ()))
    for kind, _flags, value in header.extensions:
        print(f"extension {kind} of {len(value)} bytes")
    for block in vault.blocks:
        print(f"block kind {block.kind} {block.id.hex()} version {block.version}, {len(block.raw)} bytes")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("vectors", nargs="+", type=pathlib.Path)
    commands.add_parser("check-paper").add_argument("vectors", nargs="+", type=pathlib.Path)
    commands.add_parser("structure").add_argument("vault", type=pathlib.Path)
    listing = commands.add_parser("list")
    listing.add_argument("vault", type=pathlib.Path)
    secret = listing.add_mutually_exclusive_group(required=True)
    secret.add_argument("--passphrase-file", type=pathlib.Path)
    secret.add_argument("--recovery-file", type=pathlib.Path)
    listing.add_argument("--json", action="store_true")
    listing.add_argument("--check-private", action="store_true")
    arguments = parser.parse_args()
    try:
        if arguments.command == "check":
            return all([check(path) for path in arguments.vectors])
        if arguments.command == "check-paper":
            return all([check_paper(path) for path in arguments.vectors])
        return (print_keys if arguments.command == "list" else print_structure)(arguments)
    except Refused as refusal:
        print(f"error: {refusal.kind}: {refusal}", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(not main())
