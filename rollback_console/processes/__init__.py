"""The console's own processes: how they are started, watched and ended.

Layer: the top. Knows process groups, ports and programs. Must never know plans, rollbacks
or Django.
"""
