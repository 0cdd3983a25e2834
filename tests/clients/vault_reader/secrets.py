"""What a person types: passphrases (§3.1) and recovery codes (§3.2)."""

import unicodedata

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def prepare_passphrase(typed):
    """§3.1"""
    text = "".join(" " if unicodedata.category(each) == "Zs" else each for each in typed.decode())
    prepared = unicodedata.normalize("NFC", text).encode()
    if any(unicodedata.category(each) == "Cc" for each in text) or not 1 <= len(prepared) <= 1_024:
        raise ValueError("not a passphrase")
    return prepared


def gf32(left, right):
    """The product in GF(32), x⁵ + x² + 1 being zero."""
    product = 0
    for bit in range(5):
        product ^= (left << bit) * (right >> bit & 1)
    for bit in range(8, 4, -1):
        product ^= (0b100101 << bit - 5) * (product >> bit & 1)
    return product


def decode_recovery_code(typed):
    """§3.2"""
    code = typed[:256].decode("ascii").upper().translate(str.maketrans("ILO", "110", " -\t\r\n"))
    values = [SYMBOLS.index(symbol) for symbol in code]
    first_sum, second_sum, power = 0, 0, 1
    for value in values:
        first_sum ^= gf32(value, power)
        second_sum ^= gf32(value, gf32(power, power))
        power = gf32(power, 2)
    if len(values) != 28 or first_sum or second_sum or values[25] & 3:
        raise ValueError("not a recovery code")
    number = 0
    for value in values[:26]:
        number = number << 5 | value
    return (number >> 2).to_bytes(16, "big")
