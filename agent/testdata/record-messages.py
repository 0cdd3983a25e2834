#!/usr/bin/env python3
"""Records the requests that OpenSSH's own clients send, one file each, into messages/.

Usage: record-messages.py [sk-provider.so]

It needs ssh-agent, ssh-add, ssh-keygen, ssh and sshd, and for keys in FIDO tokens the sk-dummy.so
of OpenSSH's regression tests. Every run makes new keys, used for nothing else.
"""

import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

TARGET = pathlib.Path(__file__).resolve().parent / "messages"
PASSPHRASE = "correct horse"
PROVIDER = "/usr/lib/openssh/sk-provider.so"
PORT = 22022
KEYS = {
    "ed25519": ["-t", "ed25519"],
    "ecdsa-p256": ["-t", "ecdsa", "-b", "256"],
    "ecdsa-p384": ["-t", "ecdsa", "-b", "384"],
    "ecdsa-p521": ["-t", "ecdsa", "-b", "521"],
    "rsa": ["-t", "rsa", "-b", "2048"],
    "sk-ed25519": ["-t", "ed25519-sk"],
    "sk-ecdsa-p256": ["-t", "ecdsa-sk"],
}


class Recorder:
    """Stands between a client and a real agent and keeps what the client asks."""

    def __init__(self, path, agent):
        self.agent, self.requests = agent, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(self.agent)
        while (request := read_message(client)) is not None:
            self.requests.append(request)
            agent.sendall(len(request).to_bytes(4, "big") + request)
            reply = read_message(agent)
            client.sendall(len(reply).to_bytes(4, "big") + reply)

    def save(self, *names):
        """Writes the requests since the last call under these names; an empty name skips one."""
        requests, self.requests = self.requests, []
        kinds = [request[0] for request in requests]
        assert len(requests) == len(names), f"{names} are not {kinds}"
        for name, request in zip(names, requests):
            if name:
                (TARGET / f"{name}.bin").write_bytes(request)


def read_message(stream):
    header = stream.recv(4, socket.MSG_WAITALL)
    length = int.from_bytes(header, "big")
    return stream.recv(length, socket.MSG_WAITALL) if len(header) == 4 else None


def run(*command, check=True):
    subprocess.run(command, check=check, stdin=subprocess.DEVNULL)


def make_keys(provider):
    run("ssh-keygen", "-q", "-t", "ed25519", "-f", "authority", "-N", "", "-C", "authority")
    for name, options in KEYS.items():
        if name.startswith("sk-"):
            if not provider:
                continue
            options = [*options, "-w", provider]
        run("ssh-keygen", "-q", *options, "-f", name, "-N", "", "-C", f"{name} key")
        run("ssh-keygen", "-q", "-s", "authority", "-I", f"{name} certificate", "-n", "alice,bob",
            f"{name}.pub")


def record_keys(recorder):
    for name in KEYS:
        if os.path.exists(name):
            run("ssh-add", "-q", "-S", "internal", name)
            recorder.save(f"add-{name}", f"add-{name}-certificate")
    if os.path.exists("sk-ed25519"):
        os.rename("sk-ed25519-cert.pub", "sk-ed25519.certificate")
        run("ssh-add", "-q", "-S", PROVIDER, "sk-ed25519", check=False)
        recorder.save("add-sk-ed25519-provider")
    for name in ("ed25519", "rsa"):
        os.rename(f"{name}-cert.pub", f"{name}.certificate")
        run("ssh-add", "-T", f"{name}.pub")
        recorder.save(f"sign-{name}")


def record_constraints(recorder):
    hosts = [
        ("bastion", "ecdsa-p256.pub", ""),
        ("web", "ed25519.pub", ""),
        ("web", "rsa.pub", ""),
        ("*.example.org", "authority.pub", "@cert-authority "),
    ]
    with open("known_hosts", "w", encoding="ascii") as known:
        for host, key, mark in hosts:
            known.write(f"{mark}{host} {pathlib.Path(key).read_text(encoding='ascii')}")
    destinations = ["-H", "known_hosts", "-h", "bastion", "-h", "bastion>alice@web",
                    "-h", "bob@db.example.org"]
    for name, options in {
        "lifetime": ["-t", "3600"],
        "confirm": ["-c"],
        "destination": destinations,
        "everything": ["-c", "-t", "1d", *destinations],
    }.items():
        run("ssh-add", "-q", *options, "ed25519")
        recorder.save(f"add-ed25519-{name}")
        run("ssh-add", "-qD")
        recorder.save("", "")


def record_rest(recorder):
    pathlib.Path("askpass").write_text(f"#!/bin/sh\necho '{PASSPHRASE}'\n", encoding="ascii")
    os.chmod("askpass", 0o700)
    os.environ.update(SSH_ASKPASS=os.path.abspath("askpass"), SSH_ASKPASS_REQUIRE="force")
    run("ssh-add", "-q", "ed25519")
    recorder.save("")
    run("ssh-add", "-L")
    recorder.save("request-identities")
    run("ssh-add", "-q", "rsa")
    recorder.save("")
    for name in ("ed25519", "rsa"):
        pathlib.Path("file").write_text("signed\n", encoding="ascii")
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", f"{name}.pub", "file")
        os.remove("file.sig")
        recorder.save("", f"sign-sshsig-{name}")
    run("ssh-add", "-qd", "ed25519.pub")
    recorder.save("remove-identity")
    run("ssh-add", "-x")
    recorder.save("lock")
    run("ssh-add", "-X")
    recorder.save("unlock")
    run("ssh-add", "-D")
    recorder.save("remove-all-identities", "remove-all-rsa1-identities")
    run("ssh-add", "-s", "/usr/lib/token.so", check=False)
    recorder.save("add-smartcard-key")
    run("ssh-add", "-c", "-t", "60", "-s", "/usr/lib/token.so", check=False)
    recorder.save("add-smartcard-key-constrained")
    run("ssh-add", "-e", "/usr/lib/token.so", check=False)
    recorder.save("remove-smartcard-key")
    # Only ssh-add of OpenSSH 10.3 and later asks this.
    query = b"query"
    (TARGET / "query.bin").write_bytes(bytes([27]) + len(query).to_bytes(4, "big") + query)


def record_login(recorder):
    here = os.getcwd()
    run("ssh-keygen", "-q", "-t", "ed25519", "-f", "host", "-N", "")
    shutil.copy("ed25519.pub", "authorized_keys")
    server = subprocess.Popen([
        shutil.which("sshd"), "-D", "-f", "/dev/null", "-h", f"{here}/host", "-p", str(PORT),
        "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={here}/authorized_keys",
        "-o", "StrictModes=no", "-o", "PidFile=none", "-o", "UsePAM=no",
    ])
    try:
        run("ssh-add", "-q", "ed25519")
        recorder.save("")
        run("ssh", "-F", "none", "-A", "-p", str(PORT), "-o", "StrictHostKeyChecking=accept-new",
            "-o", "ConnectionAttempts=20", "-o", f"UserKnownHostsFile={here}/learned",
            f"{getpass.getuser()}@127.0.0.1", "ssh-add -l")
    finally:
        server.terminate()
    recorder.save("session-bind", "", "sign-userauth", "session-bind-forwarding", "")


def main():
    TARGET.mkdir(exist_ok=True)
    provider = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_keys(provider)
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", "agent"], stdout=subprocess.PIPE)
        try:
            agent.stdout.readline()
            recorder = Recorder("recorder", "agent")
            os.environ["SSH_AUTH_SOCK"] = os.path.abspath("recorder")
            record_keys(recorder)
            run("ssh-add", "-qD")
            recorder.save("", "")
            record_constraints(recorder)
            record_rest(recorder)
            record_login(recorder)
        finally:
            agent.terminate()


if __name__ == "__main__":
    main()
