"""The client's hands: HTTP, sockets, files, child processes. No decisions."""
