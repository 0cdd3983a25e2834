"""Logs in with asyncssh, by the agent's key of the blob given: PORT KNOWN_HOSTS BASE64_BLOB."""

import asyncio
import base64
import sys

import asyncssh


async def main():
    port, known_hosts, blob = int(sys.argv[1]), sys.argv[2], base64.b64decode(sys.argv[3])
    async with asyncssh.connect_agent() as agent:
        keys = [key for key in await agent.get_keys() if key.public_data == blob]
        assert len(keys) == 1, "the agent does not list the key"
        options = {"known_hosts": known_hosts, "username": "root", "client_keys": keys, "agent_path": None, "config": None}
        async with asyncssh.connect("127.0.0.1", port, **options) as connection:
            result = await connection.run("echo hello", check=True)
            print(result.stdout, end="")


asyncio.run(main())
