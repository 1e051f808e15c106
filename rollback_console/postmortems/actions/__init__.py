"""The writes of what was learned: `postmortems`, and `issues` that action items become elsewhere.

checklist.py has those of checks and actions.
"""
