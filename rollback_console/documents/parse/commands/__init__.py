"""The commands of a prose plan: where they stand, and to which step or alternative they belong."""
