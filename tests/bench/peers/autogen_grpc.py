"""AutoGen core's distributed runtime: one agent asks another through the gRPC host, each in a process of its own.

usage: autogen_grpc.py [PINNED]     prints {"p50_us": ..., "rt_per_s": ...}; PINNED=1: all three processes on one core
"""
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from autogen_core import AgentId, MessageContext, RoutedAgent, message_handler, try_get_known_serializers_for_type
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime, GrpcWorkerAgentRuntimeHost

TEXT = "x" * 256


@dataclass
class Question:
    text: str


@dataclass
class Answer:
    text: str


class Echo(RoutedAgent):
    def __init__(self) -> None:
        super().__init__("Answers with what it is asked.")

    @message_handler
    async def on_question(self, message: Question, ctx: MessageContext) -> Answer:
        return Answer(message.text)


async def joined(address: str) -> GrpcWorkerAgentRuntime:
    runtime = GrpcWorkerAgentRuntime(address)
    for kind in (Question, Answer):
        runtime.add_message_serializer(try_get_known_serializers_for_type(kind))
    await runtime.start()
    return runtime


async def be_host(address: str) -> None:
    GrpcWorkerAgentRuntimeHost(address).start()
    print("ready", flush=True)
    await asyncio.sleep(3600)


async def be_echo(address: str) -> None:
    runtime = await joined(address)
    await Echo.register(runtime, "echo", Echo)
    print("ready", flush=True)
    await asyncio.sleep(3600)


async def measure(address: str) -> None:
    runtime = await joined(address)
    echo = AgentId("echo", "one")

    async def ask() -> None:
        await runtime.send_message(Question(TEXT), echo)

    for _ in range(100):
        await ask()
    times = []
    for _ in range(500):
        begun = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - begun) * 1e6)
    room = asyncio.Semaphore(64)

    async def in_turn() -> None:
        async with room:
            await ask()

    count = 2000
    begun = time.perf_counter()
    await asyncio.gather(*[in_turn() for _ in range(count)])
    rate = count / (time.perf_counter() - begun)
    print(json.dumps({"p50_us": statistics.median(times), "rt_per_s": rate}), flush=True)
    await runtime.stop()


def start(role: str, address: str) -> subprocess.Popen:
    child = subprocess.Popen([sys.executable, __file__, role, address], stdout=subprocess.PIPE, text=True)
    if child.stdout.readline().strip() != "ready":
        raise SystemExit(f"the {role} did not start")
    return child


def main() -> None:
    role = sys.argv[1] if len(sys.argv) > 1 else "0"
    if role in ("host", "echo"):
        asyncio.run({"host": be_host, "echo": be_echo}[role](sys.argv[2]))
        return
    if role == "1":
        os.sched_setaffinity(0, {0})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    children = []
    try:
        for each in ("host", "echo"):
            children.append(start(each, address))
        asyncio.run(measure(address))
    finally:
        for child in children:
            child.kill()


main()
