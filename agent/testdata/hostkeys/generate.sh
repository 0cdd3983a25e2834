#!/bin/sh
# Makes the host keys, certificates and signatures of this folder anew, with OpenSSH's own programs.
# Only public bytes are kept. Needs ssh, sshd, ssh-keygen and ssh-agent (9.2 or later), openssl (3.0)
# and python3. As root, sshd needs its directory /run/sshd.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cd "$work"
eval "$(ssh-agent -s)" >/dev/null
trap 'kill "$SSH_AGENT_PID"; rm -rf "$work"' EXIT

make_key() { ssh-keygen -q -N '' -C "$1" -f "$1" "$2" "$3" "$4" "$5"; }
make_key ed25519 -t ed25519 -a 1
make_key ecdsa-p256 -t ecdsa -b 256
make_key ecdsa-p384 -t ecdsa -b 384
make_key ecdsa-p521 -t ecdsa -b 521
make_key rsa-1024 -t rsa -b 1024
make_key rsa-3072 -t rsa -b 3072
make_key ca-ed25519 -t ed25519 -a 1
make_key ca-ecdsa-p256 -t ecdsa -b 256
make_key ca-rsa-3072 -t rsa -b 3072

# The keys of two imitated tokens; what they sign is put together below and judged by ssh-keygen.
openssl genpkey -algorithm ed25519 -out sk-ed25519.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out sk-ecdsa-p256.pem

# Making the longest key takes up to an hour: it is the one of ../keys.
install -m 600 "$out/../keys/rsa-16384.pem" rsa-16384
ssh-keygen -y -f rsa-16384 >rsa-16384.pub

ssh-add -q ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa-1024 rsa-3072 rsa-16384

cat >make.py <<'PYTHON'
import base64, hashlib, os, socket, struct, subprocess, sys

def string(value):
    return struct.pack(">I", len(value)) + value

def mpint(value):
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big")) if value else string(b"")

def blob(name):
    return base64.b64decode(open(name + ".pub").read().split()[1])

def agent_sign(key, data, flags):
    agent = socket.socket(socket.AF_UNIX)
    agent.connect(os.environ["SSH_AUTH_SOCK"])
    agent.sendall(string(b"\x0d" + string(key) + string(data) + struct.pack(">I", flags)))
    reply = agent.makefile("rb")
    message = reply.read(struct.unpack(">I", reply.read(4))[0])
    assert message[0] == 14, "agent refused to sign"
    return message[5:]

def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout

def token_sign(name, kind, data):
    """Signs as a token does: user present (1), counter 7."""
    sha256 = lambda value: hashlib.sha256(value).digest()
    tail = b"\x01" + struct.pack(">I", 7)
    open("signed", "wb").write(sha256(b"ssh:") + tail + sha256(data))
    if name == "sk-ed25519":
        numbers = openssl("pkeyutl", "-sign", "-inkey", name + ".pem", "-rawin", "-in", "signed")
    else:
        der = openssl("dgst", "-sha256", "-sign", name + ".pem", "signed")
        r = der[4:4 + der[3]]
        s = der[6 + der[3]:]
        numbers = mpint(int.from_bytes(r, "big")) + mpint(int.from_bytes(s, "big"))
    return string(kind) + string(numbers) + tail

def token_blob(name, kind):
    public = openssl("pkey", "-in", name + ".pem", "-pubout", "-outform", "DER")
    if name == "sk-ed25519":
        return string(kind) + string(public[-32:]) + string(b"ssh:")
    return string(kind) + string(b"nistp256") + string(public[-65:]) + string(b"ssh:")

def judge_token(name, kind):
    """Has ssh-keygen verify an SSHSIG of the imitated token."""
    message = b"judged"
    preamble = b"SSHSIG" + string(b"file") + string(b"") + string(b"sha512")
    signature = token_sign(name, kind, preamble + string(hashlib.sha512(message).digest()))
    sshsig = (b"SSHSIG" + struct.pack(">I", 1) + string(token_blob(name, kind)) + string(b"file")
              + string(b"") + string(b"sha512") + string(signature))
    with open("judged.sig", "w") as file:
        file.write("-----BEGIN SSH SIGNATURE-----\n")
        file.write(base64.encodebytes(sshsig).decode())
        file.write("-----END SSH SIGNATURE-----\n")
    subprocess.run(["ssh-keygen", "-q", "-Y", "check-novalidate", "-n", "file", "-s", "judged.sig"],
                   input=message, check=True)

out = sys.argv[1]
def keep(name, value):
    open(os.path.join(out, name), "wb").write(value)

session_id = hashlib.sha512(b"session").digest()
tokens = {"sk-ed25519": b"sk-ssh-ed25519@openssh.com",
          "sk-ecdsa-p256": b"sk-ecdsa-sha2-nistp256@openssh.com"}
if sys.argv[2] == "signatures":
    keep("session_id", session_id)
    for name in ["ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"]:
        keep(name + ".signature", agent_sign(blob(name), session_id, 0))
    keep("rsa-3072-sha1.signature", agent_sign(blob("rsa-3072"), session_id, 0))
    keep("rsa-3072-sha256.signature", agent_sign(blob("rsa-3072"), session_id, 2))
    keep("rsa-3072-sha512.signature", agent_sign(blob("rsa-3072"), session_id, 4))
    keep("rsa-1024-sha512.signature", agent_sign(blob("rsa-1024"), session_id, 4))
    keep("rsa-16384-sha512.signature", agent_sign(blob("rsa-16384"), session_id, 4))
    # One whose number starts with a zero byte, and is sent without it.
    for count in range(10000):
        short_id = hashlib.sha512(b"short %d" % count).digest()
        signature = agent_sign(blob("rsa-3072"), short_id, 4)
        prefix, number = signature[:20], signature[20:]
        if number[0] == 0:
            keep("rsa-3072-short.session_id", short_id)
            keep("rsa-3072-short.signature", prefix[:16] + string(number[1:]))
            break
    for name, kind in tokens.items():
        judge_token(name, kind)
        keep(name + ".signature", token_sign(name, kind, session_id))
        line = kind + b" " + base64.b64encode(token_blob(name, kind)) + b" " + name.encode()
        open(name + ".pub", "wb").write(line + b"\n")
else:
    for name in sys.argv[3:]:
        keep(name + ".blob", blob(name))
PYTHON

python3 make.py "$out" signatures
for host in ed25519 ecdsa-p384 ecdsa-p521 sk-ed25519; do
    ssh-keygen -q -s ca-ed25519 -h -I "$host" -n "$host.example.org,*.test" "$host.pub"
done
ssh-keygen -q -s ca-ecdsa-p256 -h -I rsa -n rsa.example.org rsa-3072.pub
ssh-keygen -q -s ca-rsa-3072 -h -I ecdsa -n ecdsa.example.org ecdsa-p256.pub
ssh-keygen -q -s ca-ecdsa-p256 -h -I sk-ecdsa -n sk.example.org sk-ecdsa-p256.pub
python3 make.py "$out" blobs ed25519 ecdsa-p256 ecdsa-p384 ecdsa-p521 rsa-1024 rsa-3072 \
    rsa-16384 sk-ed25519 sk-ecdsa-p256 ed25519-cert ecdsa-p256-cert ecdsa-p384-cert ecdsa-p521-cert \
    rsa-3072-cert sk-ed25519-cert sk-ecdsa-p256-cert

# What ssh itself sends to bind its connection before a login: it meets an agent that only listens.
cat >listen.py <<'PYTHON'
import socket, struct, sys

listener = socket.socket(socket.AF_UNIX)
listener.bind("listening.sock")
listener.listen()
agent = listener.accept()[0].makefile("rwb")
message = agent.read(struct.unpack(">I", agent.read(4))[0])
assert message[0] == 27, "not an extension"
open(sys.argv[1], "wb").write(message)
PYTHON
for host in ed25519 ecdsa-p256 rsa-3072; do
    rm -f listening.sock
    python3 listen.py "$out/$host.session-bind" &
    while [ ! -S listening.sock ]; do sleep 0.1; done
    # Nobody can log in on this server; ssh ends with an error after it has bound.
    SSH_AUTH_SOCK=$work/listening.sock ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR \
        -o "ProxyCommand=/usr/sbin/sshd -i -f /dev/null -o HostKey=$work/$host" host true || true
    wait $!
done
