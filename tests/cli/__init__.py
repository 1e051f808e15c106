"""The terminal room: its verbs as processes of their own, against a real console."""
