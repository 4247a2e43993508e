"""What a request asks a stack to be: its template, wherever it lies, its parameters, tags and settings, all checked.

This asks other services (S3, Systems Manager, EC2) and so runs without the lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation import evaluation
from localcloud.services.cloudformation import template as templates
from localcloud.services.cloudformation.parameters import Parameter, chosen
from localcloud.services.cloudformation.stack import RECORDED, Stack, Wanted
from localcloud.services.cloudformation.template import Template

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

LARGEST_BODY, LARGEST_OBJECT = 51_200, 1_048_576
EXISTING = {
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
}  # parameters whose values AWS looks for before it begins
MOST_TAGS = 50


def wanted(cloud: Cloud, request: Mapping[str, Any], name: str, stack: Stack | None) -> Wanted:
    """``stack``: the one that is to change, None for a new one."""
    template = template_of(cloud, request, stack)
    templates.implemented(template)
    before = stack.wanted.parameters if stack else None
    parameters = chosen(template, request.get("Parameters", []), before, lambda names: _look_up(cloud, names))
    _check_existing(cloud, template, parameters)
    _check_tags(request)
    old = stack.wanted if stack else None
    tags = request.get("Tags", old.tags if old else ())
    settings = dict(old.settings) if old else {}
    settings |= {key: request[key] for key in RECORDED if key in request}
    asked = Wanted(template, parameters, tuple(tags), settings)
    evaluation.check(cloud, name, asked)
    return asked


def template_of(cloud: Cloud, request: Mapping[str, Any], stack: Stack | None = None) -> Template:
    if request.get("UsePreviousTemplate"):
        if not stack or "TemplateBody" in request or "TemplateURL" in request:
            raise Refusal("ValidationError", "UsePreviousTemplate needs a stack, and no other template beside it")
        return stack.wanted.template
    return templates.read(text_of(cloud, request))


def text_of(cloud: Cloud, request: Mapping[str, Any]) -> str:
    if ("TemplateBody" in request) == ("TemplateURL" in request):
        raise Refusal("ValidationError", "Either Template URL or Template Body must be specified.")
    if "TemplateURL" in request:
        return _fetched(cloud, request["TemplateURL"])
    body: str = request["TemplateBody"]
    if len(body.encode()) > LARGEST_BODY:
        constraint = f"Member must have length less than or equal to {LARGEST_BODY}"
        sentence = f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: {constraint}"
        raise Refusal("ValidationError", sentence)
    return body


def _fetched(cloud: Cloud, url: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = _object(cloud, url)
    try:
        answer = cloud.client("s3").get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > LARGEST_OBJECT:
            raise Refusal("ValidationError", f"Template may not exceed {LARGEST_OBJECT} bytes in size.")
        text: str = answer["Body"].read().decode()
    except ClientError as error:
        raise Refusal("ValidationError", f"S3 error: {error.response['Error'].get('Message', '')} ({url})") from None
    except (BotoCoreError, UnicodeDecodeError) as error:
        raise Refusal("ValidationError", f"S3 error: {url} cannot be read: {error}") from None
    return text


def _object(cloud: Cloud, url: str) -> tuple[str, str]:
    """Bucket and key: of a URL of AWS's in either style, or of ours."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    first, _, rest = path.partition("/")
    if f"{parts.scheme}://{parts.netloc}" == cloud.url or host in ("127.0.0.1", "localhost"):
        return first, rest
    bucket, dot, domain = host.rpartition(".s3")
    if host.endswith(".amazonaws.com"):
        if dot and domain[:1] in (".", "-"):
            return bucket, path
        if host.startswith(("s3.", "s3-")):
            return first, rest
    raise Refusal("ValidationError", f"S3 error: Domain name specified in {host or url} is not a valid S3 domain")


def _look_up(cloud: Cloud, names: list[str]) -> dict[str, str]:
    found = cloud.client("ssm").get_parameters(Names=names)["Parameters"]
    return {each["Name"]: each["Value"] for each in found}


def _check_existing(cloud: Cloud, template: Template, parameters: Mapping[str, Parameter]) -> None:
    from botocore.exceptions import ClientError

    for key, told in template.parameters.items():
        operation, name = EXISTING.get(told["Type"].removeprefix("List<").removesuffix(">"), ("", ""))
        values = parameters[key].used if parameters[key].listed else [parameters[key].used]
        for value in values if operation else ():
            try:
                getattr(cloud.client("ec2"), operation)(**{name: [value]})
            except ClientError:
                sentence = (
                    f"Parameter validation failed: parameter value {value} for parameter name {key} does not exist"
                )
                raise Refusal("ValidationError", sentence) from None


def _check_tags(request: Mapping[str, Any]) -> None:
    tags = request.get("Tags", [])
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        raise Refusal("ValidationError", "Tag keys that begin with aws: are reserved.")
    if len(tags) > MOST_TAGS or len({tag["Key"] for tag in tags}) < len(tags):
        raise Refusal("ValidationError", f"A stack has at most {MOST_TAGS} tags, each with a key of its own.")
