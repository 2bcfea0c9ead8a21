"""What happens now: subscribers and their frames, presence, the followers of event logs."""
