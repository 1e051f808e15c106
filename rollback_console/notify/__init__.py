"""Outgoing messages: mail, chat and signed webhooks.

Floor: ground. Takes plain values; must never know Django or what a rollback is.
"""

from .client import problem_with, send
from .message import Letter, Receipt, Rules

__all__ = ["Letter", "Receipt", "Rules", "problem_with", "send"]
