"""Tags that templates load as `console`."""
