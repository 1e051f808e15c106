"""What Admins keep: hosts, credentials, secrets and people."""
