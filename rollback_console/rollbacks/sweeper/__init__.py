"""The sweeper process: sees that everything that is due is done, with or without Redis.

Layer: rollbacks, beside execution, which it calls. Public names: `loop.forever`, and
`periodic_work.TABLE`, which lists all that a sweeper does and how often. Others use
`readiness_schedule` (to have hosts asked), `readiness_rule` (why nobody may go on) and
`escalation.next_at`.
"""
