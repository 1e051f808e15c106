"""Keeps pages fresh: the WebSocket, its polling fallback and windows onto logs.

Layer: the top. Read-only; must never change anything.
"""
