"""What people do to rollbacks: each verb checks the right, writes, and records an event.

Layer: rollbacks. `request` opens, renews, withdraws and starts, and is the door for callers;
`approve` decides, `break_glass` does without, `steer` acts on one under way, `restart` goes on
elsewhere, `second_person` says what takes two; `undo`, `pins`, `redact` and `import_history`
are what their names say.
"""
