"""From the outline of a document to procedures, steps, checks and actions.

Layer: lowest; the only part that other packages need is `reader.read_proposal`, which `documents`
exports. Everything else here is a stage of that reading.
"""
