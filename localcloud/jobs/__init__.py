"""SageMaker jobs as local processes: CreateProcessingJob and CreateTrainingJob requests, run as they are.

``request → Job`` (plain data: :mod:`processing`, :mod:`training`) → ``run`` (:mod:`runner`), in a folder that stands
for the instance, as processes or with ``docker run`` in the request's image (:mod:`runtimes`).

Not reproduced: more than one instance, instance sizes and their memory, pipe and fast-file input (files are
copied), warm pools, VPC and encryption settings (accepted, without effect). As a process, network isolation has
no effect either.
"""
