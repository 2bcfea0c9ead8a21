"""What the child that decodes knows of files: what they are, and how to read even the odd ones. Needs Pillow only."""
