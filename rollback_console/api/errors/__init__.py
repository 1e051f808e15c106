"""What went wrong, as the problem document that a caller reads."""
