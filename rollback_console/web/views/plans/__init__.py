"""Pages of plans and their revisions.

Part of web; each view parses, permits, calls one action and answers. Public: `plan`, `revisions`.
"""
