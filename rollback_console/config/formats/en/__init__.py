"""What `exact` says."""
