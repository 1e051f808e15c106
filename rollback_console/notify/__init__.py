"""Outgoing messages.

Floor: ground. Takes plain values; must never know Django or what a rollback is.
"""
