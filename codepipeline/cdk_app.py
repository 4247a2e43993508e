"""The same templates as CDK stacks, for teams that live in CDK: needs ``pip install aws-cdk-lib`` and Node.js.

cdk deploy --all --app "python -m codepipeline.cdk_app"
"""

import os

from aws_cdk import App, Stack
from aws_cdk.cloudformation_include import CfnInclude

from codepipeline.stacks import stacks
from pipelines.settings import CONFIG, load

app = App()
for stack in stacks(load(os.environ.get("PIPELINE_ENV") or "local", CONFIG), CONFIG):
    scope = Stack(app, stack.name, tags=stack.tags, termination_protection=stack.holds_data)
    CfnInclude(scope, "Template", template_file=str(stack.path), parameters=stack.parameters)
app.synth()
