"""What is said on the wire. Imports nothing of ours and does no I/O."""
