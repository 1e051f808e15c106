"""One module a noun; each view parses, calls one service and answers."""
