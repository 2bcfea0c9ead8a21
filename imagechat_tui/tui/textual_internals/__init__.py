"""Every use of a private name of Textual."""
