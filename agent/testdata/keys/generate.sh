#!/bin/sh
# Makes the RSA keys of this folder and what openssl signs with the longest of them. The keys serve
# tests only. Needs openssl (3.0). 16,384 bits may take it an hour: such a key is made only if missing.
set -eu
cd "$(dirname "$0")"
for bits in 1024 2048 3072 4096 8192 16384; do
    [ "$bits" = 16384 ] && [ -e rsa-16384.pem ] ||
        openssl genrsa -traditional -out "rsa-$bits.pem" "$bits"
done
printf 'signed data' | openssl dgst -sha512 -sign rsa-16384.pem -out rsa-16384-sha512.signature
