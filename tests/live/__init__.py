"""The live room: sockets, tailer, windows and the page in a browser."""
