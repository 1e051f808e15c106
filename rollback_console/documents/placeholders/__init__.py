"""What an author left to be filled in, and the parameter each becomes.

Layer: lowest. Public: `find.find_placeholders` (any text), `find.find_uses` (shell text),
`collect.placeholders_of` (a whole document) and the kinds and patterns of `kinds`.
"""
