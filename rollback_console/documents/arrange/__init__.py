"""Arranging a proposal: what a person changes between what was read and what is confirmed.

An arrangement is the list of operations on a proposal, as JSON values. `begin` gives every part
a name that is its place in the proposal, so that the same operations fit another document of the
same shape; `operations` are pure functions, `apply` replays them. No command is ever lost or
doubled by any of them.
"""

from .apply import OPERATIONS, arrange
from .begin import begin, list_commands

__all__ = ["OPERATIONS", "arrange", "begin", "list_commands"]
