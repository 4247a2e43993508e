"""CodeConnections, and the same service under its older name CodeStar Connections."""
