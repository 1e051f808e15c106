"""The REST door under /api/v1/: bearer tokens in, the same services as the pages, JSON out.

Floor: top. Must never decide, and must never look at a session.
"""
