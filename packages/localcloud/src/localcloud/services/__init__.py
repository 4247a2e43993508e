"""One folder for each AWS service that localcloud implements, under AWS's name."""
