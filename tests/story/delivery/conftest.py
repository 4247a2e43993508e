"""The real templates in a real localcloud whose minute lasts a third of a second, and a checkout to push to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.testing import start_cloud
from tests.story.delivery.checkout import Checkout
from tests.story.delivery.office import Office, furnish

SPEED = 200
ROWS = 600


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One for all stories of a file, which follow one another."""
    from pipelines import example_data

    folder = tmp_path_factory.mktemp("delivery")
    checkout, data = Checkout(folder / "checkout"), folder / "churn.csv"
    example_data.write(data, ROWS)
    with start_cloud(folder, SPEED) as cloud:
        furnish(cloud, checkout.config, str(data))
        made = Office(cloud, checkout)
        made.bootstrap()
        made.listen()
        yield made
