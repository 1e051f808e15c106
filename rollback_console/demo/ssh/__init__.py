"""The SSH server of the demo host: OpenSSH's own or a small one, its keys, and a first sign-in."""
