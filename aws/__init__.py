"""Access to AWS for the commands: sessions and clients, errors as sentences, tables and progress for people."""
