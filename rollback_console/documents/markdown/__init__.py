"""Markdown as an outline of sections and blocks, with the line of every part kept.

Layer: lowest, and the lowest of `documents`. Public: `source.decode`, `source.split_lines`,
`front_matter.read_front_matter`, `blocks.parse`, `outline.outline`, and the folding of text
for comparison in `folded_text`. It knows no step and no command beyond a line's first look.
"""
