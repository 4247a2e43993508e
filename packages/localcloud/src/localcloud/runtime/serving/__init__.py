"""A model server like the one inside SageMaker's container: GET /ping and POST /invocations around code/inference.py.

Not reproduced: default functions for those a handler lacks, transform_fn and a context argument (refused at start),
code/requirements.txt, several worker processes (one process, ``--threads`` calls at a time), GET
/execution-parameters, and the container's error page (here the body is {"error": message}). A text/csv or
application/json body that is not UTF-8 reaches the handler as bytes; the container responds with a 500 itself.
"""
