"""AWS's serving toolkit around a handler, put together as in the image: each worker loads it at its first request."""

import collections
import collections.abc
import importlib

import setuptools  # noqa: F401 - it brings distutils, which Python 3.12 has no longer and the toolkit imports

collections.Mapping = collections.abc.Mapping  # as the image patches the toolkit

from sagemaker_containers.beta.framework import env, transformer, worker  # noqa: E402

FUNCTIONS = ("model_fn", "transform_fn", "input_fn", "predict_fn", "output_fn")
apps = []


def main(environ, start_response):
    if not apps:
        apps.append(load())
    return apps[0](environ, start_response)


def load():
    name = env.ServingEnv().module_name
    handler = importlib.import_module(name)
    functions = {function: getattr(handler, function, None) for function in FUNCTIONS}
    transform = transformer.Transformer(**functions)
    transform.initialize()
    return worker.Worker(transform_fn=transform.transform, module_name=name)
