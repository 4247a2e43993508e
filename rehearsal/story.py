"""The whole way, chapter by chapter: what the documentation has a person do by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from aws import sessions
from aws.s3 import split_uri
from pipelines import example_data
from rehearsal import bad_model, commands, control_plane, stages
from rehearsal.clients import Clients, rows_of
from rehearsal.follow import PipelineFollower
from rehearsal.narration import Narrator
from rehearsal.seed import EXAMPLE_TARGET
from settings.errors import Problem
from settings.loader import load
from settings.model import Settings

Client = Callable[[str], Any]
MORE_ROWS = 30_000


def check(settings: Settings) -> None:
    """Refuses settings of other data before anything is started."""
    if settings.data.target != EXAMPLE_TARGET:
        raise Problem(
            f'the demo is a story of the example data, and data.target = "{settings.data.target}" is of yours: '
            "`make model DATA=path/to/folder` makes one model of it, docs/bring-your-own-model.md goes the whole way"
        )


@dataclass
class Story:
    folder: Path  # of localcloud, where the logs go too
    url: str
    narrator: Narrator
    settings: Settings
    production: Settings

    @classmethod
    def create(cls, folder: Path, url: str, narrator: Narrator) -> Story:
        settings = load("local")
        return cls(folder, url, narrator, settings, load(settings.delivery.production))

    def __post_init__(self) -> None:
        self.aws: Client = cache(partial(sessions.client, self.settings))

    @property
    def logs(self) -> Path:
        return self.folder / "demo"

    def name(self, kind: str) -> str:
        return f"{self.settings.pipeline_name}-{kind}"

    def run(self) -> None:
        chapter = self.narrator.chapter
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
            self.narrator.say(f"{stack['StackName']}: {stack['StackStatus']}")
        self._subscribe_mailbox()

    def _subscribe_mailbox(self) -> None:
        """A queue that receives production's notices, as a person's mailbox would."""
        sqs, account, topic = self.aws("sqs"), self.settings.require_account(), self.production.topic_arn
        queue = f"arn:aws:sqs:{self.settings.aws.region}:{account}:mailbox"
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        statement |= {"Resource": queue, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.mailbox = sqs.create_queue(QueueName="mailbox", Attributes={"Policy": policy})["QueueUrl"]
        self.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def push(self) -> str:
        follower = PipelineFollower(self.aws, self.narrator, self.name("build"))
        before = set(follower.executions())
        remedy = "`python -m localcloud status` shows more"
        repository = control_plane.request(self.url, "git", {}, remedy=remedy)["repository"]
        branch = self.settings.delivery.branch
        commands.git("push", self.logs, "push", "--force", repository, f"HEAD:refs/heads/{branch}")
        head = commands.git("head", self.logs, "log", "-1", "--format=%h %s").strip()
        self.narrator.say(f"pushed {head}")
        return follower.newest(before)

    def build(self, execution: str) -> None:
        follower = PipelineFollower(self.aws, self.narrator, self.name("build"))
        if follower.follow(execution) != "Succeeded":
            raise Problem("the build failed: the end of its output is above")

    def better_model(self) -> str:
        """The same customers, and half as many more."""
        uri = f"{self.settings.prefix}/more-data"
        bucket, prefix = split_uri(uri)
        file = self.logs / "more-data.csv"
        example_data.write(file, MORE_ROWS)
        self.aws("s3").upload_file(str(file), bucket, f"{prefix}/churn.csv")
        self.narrator.say(f"{MORE_ROWS:,} rows in {uri}: python -m pipelines.run --start --parameters DataUri={uri}")
        return self.model("--start", "--parameters", f"DataUri={uri}")

    def model(self, *words: str) -> str:
        """Returns the package that the pipeline registered."""
        output = commands.run("pipeline", self.logs, "pipelines.run", "--env", "local", *words, "--wait")
        for line in output.splitlines():
            self.narrator.quote(line)
        sagemaker = self.aws("sagemaker")
        packages = sagemaker.list_model_packages(
            ModelPackageGroupName=self.settings.project.group, SortBy="CreationTime", SortOrder="Descending"
        )["ModelPackageSummaryList"]
        if not packages:
            raise Problem("the pipeline registered no model: its quality gate did not pass, see above")
        stages.show(self.settings, self.logs)
        return str(packages[0]["ModelPackageArn"])

    def release(self, package: str, reason: str, expected: str) -> None:
        follower = PipelineFollower(
            self.aws, self.narrator, self.name("deploy"), watched=("Production: Deploy",), approval="go ahead"
        )
        before = set(follower.executions())
        self.aws("sagemaker").update_model_package(
            ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription=reason
        )
        self.narrator.say(f"approved {package.rpartition(':model-package/')[2]}: {reason}")
        status = follower.follow(follower.newest(before))
        if status != expected:
            raise Problem(f"{self.name('deploy')} ended as {status}, not as {expected}")

    def bad_release(self, good: str) -> None:
        bad = bad_model.register(self.aws("sagemaker"), self.aws("s3"), good)
        self.narrator.say(f"registered {bad.rpartition(':model-package/')[2]}: it has no price of the newest plan")
        with self._clients(good) as clients:
            self.release(bad, "same numbers as before", "Failed")
        self.narrator.say(clients.summary())
        endpoint, row = self.production.endpoint_name, clients.rows[0]
        self.narrator.say(f"{endpoint} answers a customer of the newest plan: {clients.send(row, new=True)}")
        self._show_mailbox()

    def _clients(self, package: str) -> Clients:
        package_description = self.aws("sagemaker").describe_model_package(ModelPackageName=package)
        uri = package_description["CustomerMetadataProperties"]["sample_requests"]
        bucket, key = split_uri(uri)
        sample = self.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        runtime = sessions.client(self.settings, "sagemaker-runtime")
        return Clients(runtime, self.production.endpoint_name, rows_of(sample), bad_model.NEW_PLAN)

    def _show_mailbox(self) -> None:
        """The notices of verdicts by their subjects, and the last one in full."""
        request = {"QueueUrl": self.mailbox, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        notices = []
        while messages := self.aws("sqs").receive_message(**request).get("Messages", []):
            notices += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                self.aws("sqs").delete_message(QueueUrl=self.mailbox, ReceiptHandle=message["ReceiptHandle"])
        verdicts = sorted((each for each in notices if "verdict" in each["Message"]), key=itemgetter("Timestamp"))
        if not verdicts:
            raise Problem("the release was rolled back, and no notice of it has arrived")
        self.narrator.say(f"the mailbox has: {', '.join(each['Subject'] for each in verdicts)}; the last one says")
        for line in verdicts[-1]["Message"].splitlines():
            self.narrator.quote(line)

    def look(self, *, keep: bool) -> None:
        """What there is to see afterwards."""
        print(f"\nthe report of the last good model, and the output of every command: {self.logs}")
        if not keep:
            print("nothing is left running; `make demo KEEP=1` leaves all of it up, to play with")
            return
        print('it is all still there: eval "$(python -m localcloud env)", then for instance')
        print(f"  python -m codepipeline.deploy --env {self.settings.delivery.production} --status")
        print(f"  aws codepipeline get-pipeline-state --name {self.name('deploy')}")
        print(f"  aws cloudwatch describe-alarms --alarm-name-prefix {self.production.endpoint_name}")
        print("and `make down` ends it")
