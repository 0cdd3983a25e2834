"""Writes the lists of words that are in Python packages, one word on a line.

extract.py PYTHON_FOLDER OUTPUT_FOLDER NAME...: a NAME is wordfreq:CODE or simplemma:CODE.
"""

import gzip
import sys
from pathlib import Path

python, output, *names = sys.argv[1:]
sys.path.insert(0, python)

import msgpack  # noqa: E402
from simplemma.strategies.dictionaries import dictionary_factory  # noqa: E402


def wordfreq(code):
    """The larger of the two lists; each is a sequence of bins of words."""
    data = Path(python, "wordfreq", "data")
    sizes = (data / f"{size}_{code}.msgpack.gz" for size in ("large", "small"))
    path = next(path for path in sizes if path.exists())
    with gzip.open(path) as file:
        bins = msgpack.load(file, raw=False)[1:]
    return {word for words in bins for word in words}


def simplemma(code):
    """Forms and what they are forms of."""
    forms = dictionary_factory._load_dictionary_from_disk(code)
    return {word.decode() for pair in forms.items() for word in pair}


KINDS = {"wordfreq": wordfreq, "simplemma": simplemma}

for name in names:
    kind, code = name.split(":")
    words = sorted(word for word in KINDS[kind](code) if word.isalpha())
    Path(output, f"{kind}-{code}").write_text("\n".join(words) + "\n")
