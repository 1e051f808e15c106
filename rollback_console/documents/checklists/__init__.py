"""The documents that accompany a deployment, read into lists that people work through.

Layer: beside `parse`, on the same outline. Public: `reader.read_checklist`, `kinds.kind_of`,
`kinds.TITLES`. It reads what there is to tick, who signs and which question is asked; it finds no
step and no command.
"""
