"""Numbered SQL, one file per engine and step; ``sqlite.py`` applies what a database still lacks.

In-tree because the runner is fifteen lines: yoyo and its like bring an abstraction over drivers that the
store avoids on purpose, and cost more than the whole of the local server's budget to be ready.
"""
