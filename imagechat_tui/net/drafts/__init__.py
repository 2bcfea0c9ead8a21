"""Typed text on disk: the form of a draft file, the files of a picture, and who stores them in order."""
