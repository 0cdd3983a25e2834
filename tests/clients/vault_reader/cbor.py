"""The deterministic CBOR that records are made of (§5, RFC 8949 section 4.2.1). Everything else is refused as invalid."""

from vault_reader.cursor import Cursor, Refused

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAGGED, SIMPLE = range(8)
SIMPLE_VALUES = {20: False, 21: True, 22: None}
DEPTH_MAX = 8


def decode(data):
    """The one value that `data` is."""
    cursor = Cursor(data, "invalid")
    value = decode_value(cursor, 0)
    cursor.finish()
    return value


def decode_value(cursor, depth):
    """`depth` is that of the arrays and maps around the value."""
    major, argument = decode_head(cursor)
    if major == UNSIGNED:
        return argument
    if major == NEGATIVE:
        return -1 - argument
    if major == BYTES:
        return cursor.take(argument)
    if major == TEXT:
        return decode_text(cursor.take(argument))
    if major in (ARRAY, MAP):
        # An element is a byte at least, so a longer array is refused before it costs anything.
        if depth == DEPTH_MAX or argument > cursor.left():
            raise Refused("invalid", "nested too deep, or more elements than bytes")
        if major == ARRAY:
            return [decode_value(cursor, depth + 1) for _ in range(argument)]
        return decode_map(cursor, argument, depth + 1)
    if major == SIMPLE and argument in SIMPLE_VALUES:
        return SIMPLE_VALUES[argument]
    raise Refused("invalid", "a kind of value that records do not have")


def decode_head(cursor):
    """Major type and argument, in the shortest form. Simple values and floats come only in one byte, tags not at all."""
    first = cursor.number(1)
    major, short = first >> 5, first & 31
    if short < 24:
        return major, short
    if short > 27 or major in (TAGGED, SIMPLE):
        raise Refused("invalid", "indefinite length, tag or number that records do not have")
    size = 1 << short - 24
    argument = cursor.number(size)
    if argument < (24 if size == 1 else 1 << 4 * size):
        raise Refused("invalid", "not the shortest form")
    return major, argument


def decode_text(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("invalid", "text that is not UTF-8") from None


def decode_map(cursor, count, depth):
    entries, before = {}, b""
    for _ in range(count):
        start = cursor.place
        key = decode_value(cursor, depth)
        encoded = cursor.data[start : cursor.place]
        # True and False equal 1 and 0 in Python, hence the exact types.
        if type(key) not in (int, str) or encoded <= before:
            raise Refused("invalid", "kind or order of the keys of a map")
        before = encoded
        entries[key] = decode_value(cursor, depth)
    return entries
