"""The server: REST and sockets on one port; the same code for one person and for a team."""
