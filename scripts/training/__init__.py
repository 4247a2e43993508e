"""Parts of ``train.py``: hyperparameters, the boosting loop, checkpoints, the model folder."""
