"""The Rollback Console: what could be undone, what is being undone, what was learned.

The rooms and the direction of their imports are held by the contracts in pyproject.toml.
"""
