"""What an account contains from the start, as data: the seed file, strictly checked. README.md describes its fields."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from localcloud.core.errors import Problem
from localcloud.core.json_fields import Fields, Form
from localcloud.runtime.jobs.images import Image

T = TypeVar("T")
VERSION = 1
ACCOUNT, REGION = "000000000000", "eu-west-1"  # where neither the command nor the seed names others
TAG, TAG_VALUE = "seeded-by", "localcloud"  # on buckets and roles: a stack may take these over
REMEDY = "correct the seed, or restart localcloud with --account and --region"
SAGEMAKER = "sagemaker.amazonaws.com"
PROVIDERS = ("GitHub", "GitLab", "Bitbucket", "GitHubEnterpriseServer", "GitLabSelfManaged", "AzureDevOps")
PARAMETER_TYPES = ("String", "StringList", "SecureString")

ACCOUNT_ID = Form.of(r"\d{12}", "an account of 12 digits")
REGION_NAME = Form.of(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d", "a region such as eu-west-1")
BUCKET_NAME = Form.of(
    r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]",
    "the name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots",
)
ROLE_NAME = Form.of(r"[\w+=,.@-]{1,64}", "the name of a role: 1 to 64 letters, digits and +=,.@-_")
ROLE_PATH = Form.of(r"/([\x21-\x7e]{1,510}/)?", "a path that begins and ends with /")
ROLE_ARN = Form.of(
    r"arn:aws:iam::(?P<account>\d{12}):role(?P<path>/([\x21-\x7e]{1,510}/)?)(?P<name>[\w+=,.@-]{1,64})",
    "the ARN of a role: arn:aws:iam::<account>:role/<name>",
)
MANAGED_POLICY_ARN = Form.of(
    r"arn:aws:iam::aws:policy/[\w+=,.@/-]{1,512}", "the ARN of a policy of AWS: arn:aws:iam::aws:policy/<name>"
)
SERVICE = Form.of(r"[a-z0-9.-]+\.amazonaws\.com", f"a service such as {SAGEMAKER}")
OBJECT_KEY = Form.of(r"(?s).{1,1024}", "the key of an object: 1 to 1024 characters")
PARAMETER_NAME = Form.of(
    r"(?!/?(?i:aws|ssm))([\w.-]+|(/[\w.-]+){1,15})",
    "the name of a parameter, with a / at the beginning if it has any, and without the prefixes aws and ssm",
)
CONNECTION_ARN = Form.of(
    r"arn:aws:code(connections|star-connections):(?P<region>[a-z0-9-]+):(?P<account>\d{12})"
    r":connection/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "the ARN of a connection: arn:aws:codeconnections:<region>:<account>:connection/<UUID>",
)


@dataclass(frozen=True)
class Object:
    key: str
    file: str  # absolute
    if_empty: str = ""  # put it only while the bucket has no object under this prefix


@dataclass(frozen=True)
class Bucket:
    name: str
    objects: tuple[Object, ...] = ()


@dataclass(frozen=True)
class Role:
    name: str
    path: str = "/"
    service: str = SAGEMAKER  # that may assume it
    managed_policies: tuple[str, ...] = ()  # ARNs of AWS's own, such as AmazonSageMakerFullAccess


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str
    type: str = "String"


@dataclass(frozen=True)
class Connection:
    arn: str
    name: str = "local"
    provider: str = "GitHub"


@dataclass(frozen=True)
class Seed:
    account: str
    region: str
    buckets: tuple[Bucket, ...] = ()
    roles: tuple[Role, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    connections: tuple[Connection, ...] = ()
    images: tuple[Image, ...] = ()

    def document(self) -> dict[str, Any]:
        """What ``parse`` reads again; its files are absolute."""
        return {"version": VERSION, **_without_empty(asdict(self))}


def read(file: Path, account: str = "", region: str = "") -> Seed:
    """``account`` and ``region`` are those of the server, which the seed must not contradict; "" if it may choose."""
    try:
        document = json.loads(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"the seed {file} cannot be read ({getattr(error, 'strerror', None) or error})") from None
    except ValueError as error:
        raise Problem(f"the seed {file} is not JSON: {error}") from None
    return parse(document, str(file), file.absolute().parent, account, region)


def parse(document: Any, source: str, folder: Path, account: str = "", region: str = "") -> Seed:
    """``source`` names the document in messages; relative files and interpreters are looked for in ``folder``."""
    fields = Fields(document, source, ("version", *Seed.__dataclass_fields__))
    if fields.value("version", int) != VERSION:
        raise fields.problem("version", f"must be {VERSION}, the version that this localcloud reads")
    scope = _Scope(
        _same(fields, "account", ACCOUNT_ID, account, ACCOUNT),
        _same(fields, "region", REGION_NAME, region, REGION),
        folder,
    )
    return Seed(
        scope.account,
        scope.region,
        buckets=_each(fields, "buckets", ("name", "objects"), scope.bucket),
        roles=_each(fields, "roles", ("arn", "name", "path", "service", "managed_policies"), scope.role),
        parameters=_each(fields, "parameters", ("name", "value", "type"), scope.parameter),
        connections=_each(fields, "connections", ("arn", "name", "provider"), scope.connection),
        images=_each(fields, "images", ("image", "python", "serve"), scope.image),
    )


def _same(fields: Fields, name: str, form: Form, expected: str, default: str) -> str:
    value = fields.text(name, form, default=expected or default)
    if expected and value != expected:
        raise fields.problem(name, f"is {value}, and localcloud runs with {expected}: {REMEDY}")
    return value


def _each(fields: Fields, name: str, names: tuple[str, ...], build: Callable[[Fields], T]) -> tuple[T, ...]:
    """The entries of a list; the first field of what is built identifies it."""
    built: dict[str, T] = {}
    for entry in fields.entries(name, names):
        value = build(entry)
        identity = next(iter(vars(value).values()))
        if identity in built:
            raise Problem(f"{entry.where}: {identity} is there twice; take one of the two out")
        built[identity] = value
    return tuple(built.values())


@dataclass(frozen=True)
class _Scope:
    """What the entries of a seed are checked against."""

    account: str
    region: str
    folder: Path

    def bucket(self, fields: Fields) -> Bucket:
        return Bucket(
            fields.text("name", BUCKET_NAME), _each(fields, "objects", ("key", "file", "if_empty"), self.object)
        )

    def object(self, fields: Fields) -> Object:
        file = self.folder / Path(fields.text("file")).expanduser()
        if not file.is_file():
            raise fields.problem("file", f"is {file}, which is not a file: write it, or take the object out")
        return Object(fields.text("key", OBJECT_KEY), str(file), fields.text("if_empty", default=""))

    def role(self, fields: Fields) -> Role:
        if ("arn" in fields) == ("name" in fields) or ("arn" in fields and "path" in fields):
            raise Problem(f"{fields.where}: give either arn, or name and path")
        service = fields.text("service", SERVICE, default=SAGEMAKER)
        policies = fields.texts("managed_policies")
        if unknown := next((arn for arn in policies if not MANAGED_POLICY_ARN.pattern.fullmatch(arn)), ""):
            raise fields.problem("managed_policies", f"has {unknown!r}, which must be {MANAGED_POLICY_ARN.description}")
        if "name" in fields:
            path = fields.text("path", ROLE_PATH, default="/")
            return Role(fields.text("name", ROLE_NAME), path, service, policies)
        parts = self._own(fields, ROLE_ARN)
        return Role(parts["name"], parts["path"], service, policies)

    def parameter(self, fields: Fields) -> Parameter:
        kind = fields.choice("type", PARAMETER_TYPES, default="String")
        return Parameter(fields.text("name", PARAMETER_NAME), fields.text("value"), kind)

    def connection(self, fields: Fields) -> Connection:
        self._own(fields, CONNECTION_ARN)
        provider = fields.choice("provider", PROVIDERS, default="GitHub")
        return Connection(fields.text("arn"), fields.text("name", default="local"), provider)

    def image(self, fields: Fields) -> Image:
        python = fields.text("python", default="")
        interpreter = self._interpreter(python) if python else ""
        if python and not interpreter:
            raise fields.problem("python", f"is {python}, which is not an executable file: install it, or correct it")
        return Image(fields.text("image"), interpreter, fields.texts("serve"))

    def _interpreter(self, name: str) -> str:
        """By its path, relative to the seed, or by its name on PATH. Links are kept: virtual environments need them."""
        return shutil.which(str(self.folder / Path(name).expanduser()) if "/" in name else name) or ""

    def _own(self, fields: Fields, form: Form) -> Mapping[str, str]:
        """The parts of an ARN of this account and region."""
        parts = fields.parts("arn", form)
        for name, value in (("account", self.account), ("region", self.region)):
            if parts.get(name, value) != value:
                sentence = f"is of the {name} {parts[name]}, and localcloud runs with {value}"
                raise fields.problem("arn", f"{sentence}: {REMEDY}")
        return parts


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty(each) for name, each in value.items() if each not in ("", ())}
    return [_without_empty(each) for each in value] if isinstance(value, list | tuple) else value
