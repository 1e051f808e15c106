"""Pages about the console and one's own account: home, signing in, health, metrics.

Part of web.
"""
