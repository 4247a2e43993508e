"""The plan of a release as data: settings and state in, the exact requests out. Only ``inputs`` calls AWS, to read."""
