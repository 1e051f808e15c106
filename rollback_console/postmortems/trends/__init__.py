"""What many rollbacks show together, and how long the next one will take.

Part of postmortems. Public: `record`, `rows`, `statistics`, `estimates`, `export`.
"""
