"""What pages and programs ask about rollbacks. Reads only.

Layer: rollbacks. `lists` for the first page and lists, `approval_status` for a request,
`rehearsals`, `host_exclusion`, `metrics` and `health`.
"""
