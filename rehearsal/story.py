"""The whole way, chapter by chapter. Everything that happens here is what the docs tell a person to do by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from aws import sessions
from localcloud.core.control_client import ask
from localcloud.core.errors import Problem
from pipelines import example_data
from rehearsal import bad_model, commands, stages
from rehearsal.clients import Clients, rows_of
from rehearsal.follow import Following
from rehearsal.narration import Teller
from rehearsal.seed import EXAMPLE
from settings.loader import load
from settings.model import Settings

Client = Callable[[str], Any]
MORE_ROWS = 30_000


def check(settings: Settings) -> None:
    """Before anything is started."""
    if settings.data.target != EXAMPLE:
        raise Problem(
            f'the demo is a story of the example data, and data.target = "{settings.data.target}" is of yours: '
            "`make model DATA=path/to/folder` makes one model of it, docs/bring-your-own-model.md goes the whole way"
        )


@dataclass
class Story:
    folder: Path  # of localcloud, where the logs go too
    url: str
    tell: Teller
    settings: Settings
    production: Settings

    @classmethod
    def begin(cls, folder: Path, url: str, tell: Teller) -> Story:
        settings = load("local")
        return cls(folder, url, tell, settings, load(settings.delivery.production))

    def __post_init__(self) -> None:
        self.aws: Client = cache(partial(sessions.client, self.settings))

    @property
    def logs(self) -> Path:
        return self.folder / "demo"

    def name(self, kind: str) -> str:
        return f"{self.settings.pipeline_name}-{kind}"

    def live(self) -> None:
        chapter = self.tell.chapter
        with chapter("the stacks: make bootstrap ENV=local"):
            self.bootstrap()
        with chapter("a push: git push local main"):
            build = self.push()
        with chapter("the build: checks, tests, upsert, start"):
            self.build(build)
        with chapter("the model: the SageMaker pipeline runs"):
            package = self.model()
        with chapter("the first release: approved, staging, approved again, production"):
            self.release(package, "the numbers are good", "Succeeded")
        with chapter("more data, a better model: canary in production, shipped"):
            better = self.better_model()
            self.release(better, "better than the champion", "Succeeded")
        with chapter("a bad model: canary in production, alarm, rolled back"):
            self.bad_release(better)

    def bootstrap(self) -> None:
        commands.run("bootstrap", self.logs, "codepipeline.bootstrap", "--env", "local")
        stacks = self.aws("cloudformation").describe_stacks()["Stacks"]
        for stack in sorted(stacks, key=lambda each: each["CreationTime"]):
            self.tell.say(f"{stack['StackName']}: {stack['StackStatus']}")
        self._listen_to_topic()

    def _listen_to_topic(self) -> None:
        """As somebody's mailbox would: what the topic tells goes into a queue."""
        sqs, account = self.aws("sqs"), self.settings.require_account()
        self.mailbox = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        topic = f"arn:aws:sns:{self.settings.aws.region}:{account}:{self.settings.pipeline_name}"
        queue = f"arn:aws:sqs:{self.settings.aws.region}:{account}:mailbox"
        self.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def push(self) -> str:
        following = Following(self.aws, self.tell, self.name("build"))
        before = set(following.executions())
        told = ask(self.url, "git", {}, whose="localcloud", remedy="`python -m localcloud status` tells more")
        branch = self.settings.delivery.branch
        commands.git("push", self.logs, "push", "--force", told["repository"], f"HEAD:refs/heads/{branch}")
        head = commands.git("head", self.logs, "log", "-1", "--format=%h %s").strip()
        self.tell.say(f"pushed {head}")
        return following.newest(before)

    def build(self, execution: str) -> None:
        following = Following(self.aws, self.tell, self.name("build"))
        if following.to_the_end(execution) != "Succeeded":
            raise Problem("the build failed: what it said at its end is above")

    def better_model(self) -> str:
        """The same customers, and half as many more."""
        uri = f"{self.settings.prefix}/more-data"
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        file = self.logs / "more-data.csv"
        example_data.write(file, MORE_ROWS)
        self.aws("s3").upload_file(str(file), bucket, f"{prefix}/churn.csv")
        self.tell.say(f"{MORE_ROWS:,} rows in {uri}: python -m pipelines.run --start --parameters DataUri={uri}")
        return self.model("--start", "--parameters", f"DataUri={uri}")

    def model(self, *words: str) -> str:
        """The package that the pipeline registered."""
        said = commands.run("pipeline", self.logs, "pipelines.run", "--env", "local", *words, "--wait")
        for line in said.splitlines():
            self.tell.quote(line)
        sagemaker = self.aws("sagemaker")
        found = sagemaker.list_model_packages(
            ModelPackageGroupName=self.settings.project.group, SortBy="CreationTime", SortOrder="Descending"
        )["ModelPackageSummaryList"]
        if not found:
            raise Problem("the pipeline registered no model: its quality gate said no, see above")
        stages.show(self.settings, self.logs)
        return str(found[0]["ModelPackageArn"])

    def release(self, package: str, why: str, wanted: str) -> None:
        following = Following(
            self.aws, self.tell, self.name("deploy"), watched=("Production: Deploy",), approve="go ahead"
        )
        before = set(following.executions())
        self.aws("sagemaker").update_model_package(
            ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription=why
        )
        self.tell.say(f"approved {package.rpartition(':model-package/')[2]}: {why}")
        status = following.to_the_end(following.newest(before))
        if status != wanted:
            raise Problem(f"{self.name('deploy')} ended as {status}, not as {wanted}")

    def bad_release(self, good: str) -> None:
        bad = bad_model.register(self.aws("sagemaker"), self.aws("s3"), good)
        self.tell.say(
            f"registered {bad.rpartition(':model-package/')[2]}: it does not know the plan of the newest customers"
        )
        with self._clients(good) as clients:
            self.release(bad, "same numbers as before", "Failed")
        self.tell.say(clients.told())
        endpoint, row = self.production.endpoint_name, clients.rows[0]
        self.tell.say(f"{endpoint} answers a customer of the newest plan: {clients.ask(row, new=True)}")
        self._notified()

    def _clients(self, package: str) -> Clients:
        known = self.aws("sagemaker").describe_model_package(ModelPackageName=package)["CustomerMetadataProperties"]
        bucket, _, key = known["sample_requests"].removeprefix("s3://").partition("/")
        sample = self.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        runtime = sessions.client(self.settings, "sagemaker-runtime")
        return Clients(runtime, self.production.endpoint_name, rows_of(sample), bad_model.NEW_PLAN)

    def _notified(self) -> None:
        answer = self.aws("sqs").receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        told = [json.loads(json.loads(message["Body"])["Message"]) for message in answer.get("Messages", [])]
        for event in told:
            if event.get("detail-type", "").startswith("CodePipeline"):
                self.tell.say(f"the mailbox has: {event['detail']['pipeline']} {event['detail']['state']}")

    def look(self, *, keep: bool) -> None:
        """What there is to see afterwards."""
        print(f"\nthe report of the last good model, and what was said on the way: {self.logs}")
        if not keep:
            print("nothing is left running; `make demo KEEP=1` leaves all of it up, to play with")
            return
        print('it is all still there: eval "$(python -m localcloud env)", then for instance')
        print(f"  python -m codepipeline.deploy --env {self.settings.delivery.production} --status")
        print(f"  aws codepipeline get-pipeline-state --name {self.name('deploy')}")
        print(f"  aws cloudwatch describe-alarms --alarm-name-prefix {self.production.endpoint_name}")
        print("and `make down` ends it")
