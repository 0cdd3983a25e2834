"""Writes words of 14 letters and more that the word data was not made from, to judge it with.

held_out.py PYTHON_FOLDER OUTPUT_FOLDER [COUNT]: for each language a file of words, all of them or COUNT. They are
simplemma's, in the languages for which `sources` does not use it; which ones, their SHA-256 says.
"""

import hashlib
import sys
import unicodedata
from pathlib import Path

python, output, *count = sys.argv[1:]
sys.path.insert(0, python)

from simplemma.strategies.dictionaries import dictionary_factory  # noqa: E402

LANGUAGES = "bg ca cs cy da de el en es fi fr hr id is it lb lt lv mk nb nl pl pt ro ru sk sl sv tr uk"
NAMES = {"hr": "hbs"}

Path(output).mkdir(parents=True, exist_ok=True)
for tag in LANGUAGES.split():
    forms = dictionary_factory._load_dictionary_from_disk(NAMES.get(tag, tag))
    words = {unicodedata.normalize("NFC", word.decode()) for pair in forms.items() for word in pair}
    words = [word for word in words if word.isalpha() and 14 <= len(word) <= 60]
    words.sort(key=lambda word: hashlib.sha256(word.encode()).digest())
    chosen = sorted(words[: int(count[0])] if count else words)
    Path(output, tag).write_text("\n".join(chosen) + "\n")
