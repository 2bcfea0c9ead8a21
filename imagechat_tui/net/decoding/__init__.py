"""What the decoding child knows of files: what they are, and how to read even the odd ones. Needs Pillow only."""
