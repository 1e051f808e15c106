"""What people type, parsed into the values that services take."""
