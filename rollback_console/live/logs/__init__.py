"""Windows onto stored logs: by line, by time over all hosts of a step, by what matches.

Part of live; read only. Public: `window`, `merged`, `search`, `repeats`, and for those that draw
lines `ansi_state` and `epoch`.
"""
