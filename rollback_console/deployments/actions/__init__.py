"""The writes of deployments.

deployments     by pipelines and people
documents       their checklists, answered by people
freeze_windows  by people
pipelines       what webhooks tell
"""
