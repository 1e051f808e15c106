"""The whole console on one machine, from one command.

Layer: the top; only `__main__` imports it. Knows the data folder, the embedded broker and
the demo. Must never be needed by a console whose processes a service manager runs.
"""
