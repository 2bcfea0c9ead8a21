"""The client's brain: pure. No clock, socket, random number, task or framework."""
