"""Pages: bind, ask, tell, redirect."""
