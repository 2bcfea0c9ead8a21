"""Pixels to cells. Pure: no terminal, no Textual, no files."""
