"""The process of a server: its options, listening sockets, data folder, log and admin socket."""
