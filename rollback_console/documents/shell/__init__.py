"""Shell text: how each character is quoted, what a command does, and putting in values.

Layer: lowest; executes nothing. Public: `scanner.scan`, `render.render_text`,
`command_patterns` (what destroys, what only looks), `variables` (what a text reads without
setting it) and `memo.remember_short`.
"""
