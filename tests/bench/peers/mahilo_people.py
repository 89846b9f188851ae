"""Mahilo: a person's message over its WebSocket to the agent's answer, AGENTS agents with a person each, side by side.

usage: mahilo_people.py MODEL_URL [AGENTS] [MESSAGES]     prints {"turns_per_s": ...}; MODEL_URL: base of an OpenAI-compatible server
Run it in an empty folder: sessions are kept there.
"""
import asyncio
import json
import os
import socket
import subprocess
import sys
import time

import websockets


def serve(port: int, agents: int) -> None:
    from mahilo import AgentManager, BaseAgent, ServerManager

    manager = AgentManager()
    for number in range(agents):
        agent = BaseAgent(name=f"agent{number}", type=f"kind{number}", description="Answers in a few words.")
        manager.register_agent(agent)
        agent.activate()
    ServerManager(manager).run(port=port)


async def reach(port: int) -> None:
    for _ in range(200):
        try:
            async with websockets.connect(f"ws://127.0.0.1:{port}/ws/agent0"):
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("Mahilo did not start")


async def talk(port: int, number: int, messages: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws/agent{number}") as person:
        for _ in range(messages):
            await person.send("What is new?")
            answer = await asyncio.wait_for(person.recv(), 60)
            if "word word" not in answer:
                raise SystemExit(f"no answer: {answer}")


async def measure(port: int, agents: int, messages: int) -> None:
    await reach(port)
    begun = time.perf_counter()
    await asyncio.gather(*[talk(port, number, messages) for number in range(agents)])
    print(json.dumps({"turns_per_s": agents * messages / (time.perf_counter() - begun)}))


def main() -> None:
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), int(sys.argv[3]))
        return
    agents = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    messages = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = dict(os.environ, OPENAI_API_KEY="none", OPENAI_BASE_URL=sys.argv[1])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, __file__, "serve", str(port), str(agents)], env=environment, **quiet)
    try:
        asyncio.run(measure(port, agents, messages))
    finally:
        server.kill()


main()
