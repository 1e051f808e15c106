"""The postmortem that the events tell: `draft`, its `export`, its `versions`.

Layer: postmortems. Sentences come from rollbacks.events; nothing here words an event.
"""
