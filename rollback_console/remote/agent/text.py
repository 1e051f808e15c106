"""The agent's file as a host gets it, under a name that is the hash of its content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from ..runner.commands import AgentFile


@cache
def agent_file(python: str = "python3") -> AgentFile:
    """The agent as `python` runs it. Read once: an upgrade's lies beside us before we end."""
    text = (files(__package__) / "host_agent.py").read_bytes()
    return AgentFile(f"rollback_agent_{sha256(text).hexdigest()[:32]}", text, python)
