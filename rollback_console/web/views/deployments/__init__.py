"""Pages of deployments: what was deployed where, the decision about it, freeze windows."""
