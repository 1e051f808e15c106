"""What may happen next, decided by pure functions over frozen values.

Floor: ground. Standard library only. Must never know Django, the database, SSH or the clock.
"""
