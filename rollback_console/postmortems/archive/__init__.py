"""A rollback's whole record as one file that can be verified without a console.

Part of postmortems. Public: `writer`, `verify`, `retention`, `streaming`.
"""
