"""What ``train.py`` is made of: checked hyperparameters, one boosting loop, checkpoints, the model folder."""
