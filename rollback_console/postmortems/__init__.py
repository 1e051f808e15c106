"""What was learned: timelines, measures and action items drawn from events.

Floor: above rollbacks. Must never change a rollback.
"""
