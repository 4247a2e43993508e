"""AWS as the commands see it: sessions and clients, errors as sentences, tables and progress for people."""
