"""SageMaker, as far as this template and its users call it. ``service.SageMaker`` puts its parts together.

Its packages and modules are in layers, each using only those below it (import-linter holds that):

    service                     the parts, wired
    pipelines                   pipelines, executions, and the interpreter that runs their steps
    endpoints                   endpoint configs, endpoints, deployments
    jobs | hosting              processing, training and transform jobs | the instances behind endpoints
    models                      a container, or a model package, under a name
    registry                    model package groups and model packages
    tags, listing, refusals, execution_roles, s3_objects, event_times
"""
