"""LangGraph with its SQLite checkpointer: a ring of three nodes that answer at once, a checkpoint after each, on disk before
the next begins (by default one is written while the next node runs already).

usage: langgraph_sqlite.py [1]     1: on one core; prints {"turn_us": p50 of one conversation alone, "turns_per_s": the best of one and of 20 side by side}
"""
import asyncio
import itertools
import json
import operator
import os
import statistics
import sys
import tempfile
import time
from typing import Annotated, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

ANSWER = "word " * 40
TURNS = 51


class Talk(TypedDict):
    said: Annotated[list, operator.add]
    left: int


begun_at = []  # of each turn


def node(state: Talk) -> dict:
    begun_at.append(time.perf_counter())
    return {"said": [ANSWER], "left": state["left"] - 1}


def ring() -> StateGraph:
    graph = StateGraph(Talk)
    for name in ("first", "second", "third"):
        graph.add_node(name, node)
    graph.add_edge(START, "first")
    graph.add_edge("first", "second")
    graph.add_edge("second", "third")
    graph.add_conditional_edges("third", lambda state: "first" if state["left"] > 0 else END)
    return graph


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncSqliteSaver.from_conn_string(folder + "/checkpoints.db") as saver:
            app = ring().compile(checkpointer=saver)

            async def talk(name: str) -> None:
                settings = {"recursion_limit": 10_000, "configurable": {"thread_id": name}}
                await app.ainvoke({"said": [], "left": TURNS}, settings, durability="sync")

            async def p50(name: str) -> float:
                """Of a talk's turns, with no other talk beside it: from the beginning of one to the beginning of the next."""
                begun_at.clear()
                await talk(name)
                return statistics.median(after - before for before, after in itertools.pairwise([*begun_at, time.perf_counter()]))

            await talk("warm-up")
            alone = statistics.median([await p50(f"alone {number}") for number in range(5)])
            begun = time.perf_counter()
            await asyncio.gather(*[talk(f"beside {number}") for number in range(20)])
            beside = 20 * TURNS / (time.perf_counter() - begun)
            print(json.dumps({"turn_us": alone * 1e6, "turns_per_s": max(beside, 1 / alone)}))


if sys.argv[1:] == ["1"]:
    os.sched_setaffinity(0, {0})
asyncio.run(main())
