"""The writes of proposals: `integrations` by admins, `proposals` by monitoring and by people."""
