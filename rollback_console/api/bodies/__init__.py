"""What callers may send: requests, and past incidents that are loaded."""
