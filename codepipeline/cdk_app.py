"""The same templates as CDK stacks, for teams that live in CDK: needs ``pip install aws-cdk-lib`` and Node.js.

cdk deploy --all --app "python -m codepipeline.cdk_app"
"""

import os

from aws_cdk import App, Environment, Stack
from aws_cdk.cloudformation_include import CfnInclude

from codepipeline.stacks import stacks
from settings.environments import CONFIG
from settings.loader import load

settings = load(os.environ.get("PIPELINE_ENV") or "local", CONFIG)
place = Environment(account=settings.require_account(), region=settings.aws.region)
app, before = App(), None
for stack in stacks(settings, CONFIG):
    scope = Stack(app, stack.name, env=place, tags=stack.tags, termination_protection=stack.holds_data)
    given = {name: value for name, value in stack.parameters.items() if value}  # the others have "" as default
    CfnInclude(scope, "Template", template_file=str(stack.path), parameters=given)
    if before:
        scope.add_dependency(before)  # by imports, which CDK does not see
    before = scope
app.synth()
