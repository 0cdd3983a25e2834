"""Logs in with paramiko, by the agent's key of the blob given: PORT HOST_KEY_LINE BASE64_BLOB."""

import base64
import socket
import sys

import paramiko


def main():
    port, host_key, blob = int(sys.argv[1]), sys.argv[2].split(), base64.b64decode(sys.argv[3])
    keys = [key for key in paramiko.Agent().get_keys() if key.asbytes() == blob]
    assert len(keys) == 1, "the agent does not list the key"
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", port)))
    transport.start_client(timeout=30)
    assert transport.get_remote_server_key().get_base64() == host_key[1], "another host"
    transport.auth_publickey("root", keys[0])
    channel = transport.open_session()
    channel.exec_command("echo hello")
    print(channel.makefile().read().decode(), end="")
    transport.close()


main()
