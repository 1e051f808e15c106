"""Pages for people.

Floor: top. Parses, permits, calls one service, answers. Must never decide.
"""
