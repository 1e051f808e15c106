"""The REST door under /api/v1/: bearer tokens in, the same services as the pages, JSON out.

Top layer, beside web and live: translates between JSON and the actions below, and never looks
at a session. Public: `urls`.
"""
