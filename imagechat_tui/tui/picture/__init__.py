"""The image widget and its painter."""
