"""What could be done: services, environments, hosts, plans and their revisions.

Floor: above the ground. Must never know a rollback, a page or Celery.
"""
