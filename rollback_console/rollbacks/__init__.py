"""What is being done: requests, approvals, runs, logs and the one stream of events.

Floor: above plans. Must never know a page or a postmortem.
"""
