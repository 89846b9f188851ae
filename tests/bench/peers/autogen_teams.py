"""AutoGen AgentChat: turns a second with TEAMS round-robin teams of three agents at once; the model's answers are replayed, nothing is stored.

usage: autogen_teams.py [TEAMS] [TURNS]      prints {"turns_per_s": ...}
"""
import asyncio
import json
import sys
import time

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.models import ModelInfo
from autogen_ext.models.replay import ReplayChatCompletionClient

ANSWER = "word " * 40
KNOWN = ModelInfo(vision=False, function_calling=True, json_output=True, family="unknown", structured_output=True)


async def talk(turns: int) -> int:
    model = ReplayChatCompletionClient([ANSWER] * turns, model_info=KNOWN)
    members = [AssistantAgent(f"agent_{number}", model_client=model) for number in range(3)]
    team = RoundRobinGroupChat(members, termination_condition=MaxMessageTermination(turns))
    result = await team.run(task="What is new?")
    return len(result.messages) - 1  # without the task itself


async def main() -> None:
    teams = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    await talk(10)
    begun = time.perf_counter()
    done = await asyncio.gather(*[talk(turns) for _ in range(teams)])
    print(json.dumps({"turns_per_s": sum(done) / (time.perf_counter() - begun)}))


asyncio.run(main())
