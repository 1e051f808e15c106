"""From rows to what templates draw: no writes, no requests.

Layer: web. Words of events, questions and states come from rollbacks and engine; drawings live
in `state_icons`.
"""
