"""The screen: Textual. It is handed a session and never sees the network."""
