"""A rollback on a terminal, for when the page is out of reach.

Layer: the top. Speaks the REST API alone; must never touch the database or import Django.
"""
