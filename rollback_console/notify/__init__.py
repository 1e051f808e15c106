"""Outgoing messages: mail, chat and signed webhooks.

Floor: ground. Takes plain values; must never know Django or what a rollback is.
"""

from .letters import Letter, Receipt, Rules
from .sending import problem_with, send

__all__ = ["Letter", "Receipt", "Rules", "problem_with", "send"]
