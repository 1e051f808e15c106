"""Outgoing messages: mail, chat and signed webhooks.

Layer: the lowest. Takes plain values; never knows Django or what a rollback is. Public names:
`send` and `problem_with`, with `Letter`, `Rules` and `Receipt`.
"""

from .client import problem_with, send
from .message import Letter, Receipt, Rules

__all__ = ["Letter", "Receipt", "Rules", "problem_with", "send"]
