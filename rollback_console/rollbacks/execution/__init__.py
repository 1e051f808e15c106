"""Driving one rollback: the lease, the decisions carried out, what hosts report stored.

Layer: rollbacks, above engine and remote. `driver.advance` drives a slice; the rest of it is
its own: followers speak to hosts, recorder writes. Others read `view` (what the engine sees of
a rollback) and `approved_snapshot` (what was approved, verified), and move states through
`apply` and `lease`. A web process never loads `driver`.
"""
