"""Who may do what to a rollback, from rows to the engine's rules. Reads only.

Layer: rollbacks. Public: `rights.authority_for` (built once a decision), `rights.barred`,
`rights.reach`, `groups.ensure`; `grants` notes when each right was given.
"""
