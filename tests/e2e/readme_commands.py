#!/usr/bin/env python3
"""readme_commands.py BIN: runs the commands that READMEs show, against a fresh data folder, with the programs in BIN.

What is run: fenced blocks whose first line is ```sh run, line by line, and of blocks that begin with ```console run the lines behind `$ `. The
commands of one README run in one shell, one after the other, in a folder that looks like the repository; `scripts/run` stands for `convoke up`
on a port that is free (nothing is installed or built), build/release/bin for BIN. Exits 1 with the transcript of the first command that fails."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LIMIT = 240  # seconds for one README


def readmes():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not (folder == ROOT and f == "build"))
        yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(".md"))


def commands_of(path):
    wanted = []
    kind = None
    for line in open(path, encoding="utf-8"):
        fence = re.match(r"```\s*(\w*)\s*(\w*)", line)
        if fence:
            kind = fence.group(1) if kind is None and fence.group(2) == "run" else None
        elif kind == "sh" and line.strip():
            wanted.append(line.rstrip())
        elif kind == "console" and line.startswith("$ "):
            wanted.append(line[2:].rstrip())
    return wanted


def run(name, commands, programs):
    place = tempfile.mkdtemp(prefix="convoke-readme-")
    try:
        tree = os.path.join(place, "convoke")
        os.makedirs(os.path.join(tree, "scripts"))
        os.makedirs(os.path.join(tree, "build", "release"))
        os.symlink(programs, os.path.join(tree, "build", "release", "bin"))
        for folder in ("services", "libs", "schemas", "gateway", "tests"):
            os.symlink(os.path.join(ROOT, folder), os.path.join(tree, folder))
        stub = os.path.join(tree, "scripts", "run")
        with open(stub, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec "{programs}/convoke" up --port 0 "$@"\n')
        os.chmod(stub, 0o755)
        environment = dict(os.environ, HOME=place, XDG_STATE_HOME=os.path.join(place, "state"), NO_COLOR="1")
        # `… | head` may end what writes into it, which says so with 141, as tools do; whatever else fails, fails here.
        script = "set -euo pipefail\nset -v\n" + "".join(
            f"{command} || [ $? -eq 141 ]\n" if re.search(r"\| head\b", command) else command + "\n" for command in commands)
        process = subprocess.Popen(["bash", "-c", script], cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0] + f"\n(still running after {LIMIT} s)"
        if process.returncode != 0:
            subprocess.run([os.path.join(programs, "convoke"), "down"], env=environment, capture_output=True, check=False, timeout=100)
            print(f"{name}: a command failed ({process.returncode}):\n{output}")
            return False
        print(f"{name}: {len(commands)} commands")
        return True
    finally:
        shutil.rmtree(place, ignore_errors=True)


def main():
    programs = os.path.abspath(sys.argv[1])
    found = [(os.path.relpath(path, ROOT), commands_of(path)) for path in readmes()]
    found = [(name, commands) for name, commands in found if commands]
    if "README.md" not in [name for name, _ in found]:
        print("README.md shows no commands that can be run")
        return 1
    return 0 if all([run(name, commands, programs) for name, commands in found]) else 1


sys.exit(main())
