"""Adds, lists, signs with, locks, unlocks and removes a key of each type that asyncssh can make."""

import asyncio

import asyncssh

TYPES = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"]


async def main():
    async with asyncssh.connect_agent() as agent:
        for name in TYPES:
            key = asyncssh.generate_private_key(name, comment=name)
            await agent.add_keys([key])
            held = await agent.get_keys()
            assert [each.public_data for each in held] == [key.public_data], name
            algorithm = b"rsa-sha2-256" if name == "ssh-rsa" else name.encode()
            signature = await agent.sign(key.public_data, b"data", 2)
            assert key.convert_to_public().verify(b"data", signature), name
            assert algorithm in signature, name
            await agent.lock("a phrase")
            assert list(await agent.get_keys()) == [], name
            await agent.unlock("a phrase")
            await agent.remove_keys(held)
            assert list(await agent.get_keys()) == [], name
            await agent.add_keys([key], lifetime=1000)
            await agent.remove_all()
            print(name)


asyncio.run(main())
