"""Pages for people.

Layer: the top. Parses, permits, calls one service, answers. Must never decide.
"""
