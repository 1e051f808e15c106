"""The pages of one rollback: request, decision, live, restart, checks, communication.

Layer: web. A view parses, proves, calls one action and answers.
"""
