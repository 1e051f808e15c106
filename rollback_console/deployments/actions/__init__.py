"""The writes of deployments.

deployments     by pipelines and people
freeze_windows  by people
pipelines       what webhooks tell
"""
