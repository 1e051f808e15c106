"""What is answered, as typed JSON; each file holds one noun and how it is drawn from rows."""
