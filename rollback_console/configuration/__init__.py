"""The configuration as one document: written out, compared, and applied through the actions.

Layer: above access and plans, below web and api. Knows every kind of configuration and how each
is written; writes no table itself.

Public: `document.read_document`, `export.export_configuration`, `changes.compare`,
`apply.apply_configuration`.
"""
