"""Keeps pages fresh: the WebSocket, its polling fallback and windows onto logs.

Floor: top. Read-only; must never change anything.
"""
