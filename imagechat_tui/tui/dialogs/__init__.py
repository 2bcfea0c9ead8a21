"""Everything that covers the main screen."""
