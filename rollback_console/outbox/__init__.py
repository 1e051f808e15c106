"""The outbox: who is told what, and whether it arrived.

Layer: above postmortems and proposals. Reads what happened and writes deliveries; must never
hold a rollback up, and never decide anything.
"""
