"""The same templates as CDK stacks, for teams that use CDK: needs ``pip install aws-cdk-lib`` and Node.js.

cdk deploy --all --app "python -m codepipeline.cdk_app"

Releases need an object that is in no stack: run ``python -m codepipeline.bootstrap`` once in place of the first deploy,
or put any zip where the stage Source of deploy.yml names one.
"""

import argparse
import os
from pathlib import Path

from aws_cdk import App, Environment, Stack
from aws_cdk.cloudformation_include import CfnInclude

from codepipeline.stacks import stacks
from settings.environments import CONFIG
from settings.loader import load

parser = argparse.ArgumentParser(prog="python -m codepipeline.cdk_app", description=__doc__, allow_abbrev=False)
parser.add_argument("--env", default=os.environ.get("PIPELINE_ENV") or "local", help="where models are built")
parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
options = parser.parse_args()
settings = load(options.env, options.config)
environment = Environment(account=settings.require_account(), region=settings.aws.region)
app, previous = App(), None
for stack in stacks(settings, options.config):
    scope = Stack(app, stack.name, env=environment, tags=stack.tags, termination_protection=stack.holds_data)
    parameters = {name: value for name, value in stack.parameters.items() if value}  # the others default to ""
    CfnInclude(scope, "Template", template_file=str(stack.path), parameters=parameters)
    if previous:
        scope.add_dependency(previous)  # by imports, which CDK does not detect
    previous = scope
app.synth()
