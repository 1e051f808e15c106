"""What was learned: timelines, measures and action items drawn from events.

Layer: above rollbacks. Must never change a rollback.
"""
