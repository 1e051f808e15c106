"""Changing a document while every line that was not meant stays as its author wrote it.

Layer: lowest. Public: `writer.write`, `write_bindings.inscribe` and the attributes of a fence
in `fence_attributes`.
"""
