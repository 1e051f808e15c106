"""The WebSocket that keeps pages fresh.

Floor: top. Read-only; must never change anything.
"""
