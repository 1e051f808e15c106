"""Past incidents from files: rollbacks that happened elsewhere.

Part of postmortems. Public: `importer`, `parser`.
"""
