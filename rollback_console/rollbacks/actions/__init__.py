"""What people do to rollbacks: each verb checks the right, writes, and records an event.

Layer: rollbacks. `requests` opens, renews, withdraws and starts; `approvals` is what is said
about a request; `break_glass` does without approval, `steering` acts on one under way,
`restarts` goes on elsewhere, `second_person` says what takes two; `pins`, `redactions` and
`history` (rollbacks of other tools) are what their names say.
"""
