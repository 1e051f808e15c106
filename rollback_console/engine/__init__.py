"""What may happen next, decided by pure functions over frozen values.

Layer: lowest, beside documents, remote and notify. Standard library only. Must never know
Django, the database, SSH or the clock.

Public: `snapshot` (what was approved, and its hash), `states` (of rollbacks and step runs, and
the allowed moves), `decide` (a view in, decisions out), `resuming` (going on from another
step), `authority` (who may decide, and when enough have), `loss` (what it costs in data) and
`reversal` (what undoing migrations does).
"""
