"""Outgoing messages: mail, chat and signed webhooks.

Layer: the lowest. Takes plain values; never knows Django or what a rollback is. Public names:
`send`, `push` and `problem_with`, with `Letter`, `Push`, `Rules` and `Receipt`.
"""

from .client import problem_with, push, send
from .message import Letter, Push, Receipt, Rules

__all__ = ["Letter", "Push", "Receipt", "Rules", "problem_with", "push", "send"]
