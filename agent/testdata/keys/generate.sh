#!/bin/sh
# Makes the RSA keys of this folder and what openssl signs with the longest of them. The keys serve
# tests only. Needs openssl (3.0) and python3. 16,384 bits may take it an hour: such a key is made only if missing.
set -eu
cd "$(dirname "$0")"
for bits in 1024 2048 3072 4096 8192 16384; do
    [ "$bits" = 16384 ] && [ -e rsa-16384.pem ] ||
        openssl genrsa -traditional -out "rsa-$bits.pem" "$bits"
done
printf 'signed data' | openssl dgst -sha512 -sign rsa-16384.pem -out rsa-16384-sha512.signature
# The same key with its factors in the other order, and the inverse that belongs to it.
openssl rsa -in rsa-2048.pem -traditional -outform DER -out rsa-2048.der 2>/dev/null
python3 - rsa-2048.der <<'PYTHON'
import base64, sys

def read(rest):
    size, start = rest[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(rest[2:start], "big")
    return rest[start:start + size], rest[start + size:]

def element(kind, body):
    size = len(body).to_bytes(2, "big")
    return bytes([kind, 0x82]) + size + body if len(body) > 127 else bytes([kind, len(body)]) + body

rest, numbers = read(open(sys.argv[1], "rb").read())[0], []
while rest:
    number, rest = read(rest)
    numbers.append(int.from_bytes(number, "big"))
version, n, e, d, p, q, dp, dq, _ = numbers
swapped = (version, n, e, d, q, p, dq, dp, pow(p, -1, q))
body = b"".join(element(2, value.to_bytes(value.bit_length() // 8 + 1, "big")) for value in swapped)
text = base64.encodebytes(element(0x30, body)).decode()
with open("rsa-2048-swapped.pem", "w", encoding="ascii") as file:
    file.write(f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n")
PYTHON
rm rsa-2048.der
