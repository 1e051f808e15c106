"""The REST door under /api/v1/.

Floor: top. Same services as the pages; must never decide.
"""
