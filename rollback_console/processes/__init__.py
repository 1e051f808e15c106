"""The console's own processes: how they are started, watched and ended.

Floor: the roof. Knows process groups, ports and programs. Must never know plans, rollbacks
or Django.
"""
