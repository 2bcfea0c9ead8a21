"""Who asks, what they may do, and how much: sign-in, tokens, rights, limits, the seal."""
