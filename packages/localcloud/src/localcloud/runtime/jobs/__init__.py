"""SageMaker jobs as local processes: CreateProcessingJob and CreateTrainingJob requests, run as they are.

``request → Job`` for each instance (plain data: :mod:`processing`, :mod:`training`) → ``run_all`` (:mod:`runner`), in
a folder for each instance, as processes or with ``docker run`` in the request's image (:mod:`runtimes`); as many at
once as there are cores (:mod:`queue`). A transform job is a model's server (:mod:`model_server`, or in its image
:mod:`model_container`) and the requests to it (:mod:`batches`, :mod:`association`).

Not reproduced: instance sizes (with Docker, their memory is a limit), pipes (fast files are copied like others),
instance groups, warm pools, VPC and encryption settings (accepted, without effect), uploads while a job runs
(Continuous outputs and checkpoints go to S3 when it ends, also by a failure or an interruption). For a process, network
isolation only removes the job's credentials and endpoint; on a model's container it has no effect.
"""
