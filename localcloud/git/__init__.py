"""The source service: one bare Git repository that stands for whatever repository AWS would be connected to."""
