"""How a release ended, why, and what follows from it."""
