"""A model server that behaves as AWS's XGBoost image does with a handler of its own: GET /ping and POST /invocations
around code/inference.py.

Not reproduced: default functions for those a handler lacks (refused at start), code/requirements.txt, the error pages
of gunicorn and nginx. The first worker loads the model before it listens; its failure ends the server.
"""
