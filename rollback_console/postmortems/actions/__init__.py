"""The writes of what was learned: `postmortems`; checklist.py has those of checks and actions."""
