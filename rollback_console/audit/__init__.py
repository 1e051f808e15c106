"""The record of who changed the configuration, and the chain that every record hangs on.

Layer: below plans, above engine, documents, remote and notify. It knows no table but its own.

Public names, each in its module: `record.record_change` (write one change, in the caller's
transaction), `kinds` (what can be recorded, with sentence and severity), `origin.acting_from`
(by which door and from which address), `fields.snapshot_fields` and `fields.fingerprint` (what
of a row is on record, and a secret only as a keyed fingerprint), `chain` (seals and checks).
"""
