"""One attempt of a step on one host: asked for, followed, and what it reports recorded."""
