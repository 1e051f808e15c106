"""Proposals: what monitoring suggests should be rolled back, for a person to decide on.

Layer: beside postmortems, above rollbacks. Must never open or approve a rollback by itself.
"""
