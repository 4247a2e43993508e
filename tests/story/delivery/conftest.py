"""The real templates in a real localcloud that enforces their roles, and a checkout to push to it.

Its minute lasts a third of a second.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.testing import apply_seed, start_cloud
from rehearsal import seed
from tests.story.delivery.checkout import Checkout
from tests.story.delivery.delivery import Delivery
from tests.story.permissions import record

SPEED = 200
ROWS = 600


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Delivery]:
    """One for all stories of a file, which follow one another."""
    folder = tmp_path_factory.mktemp("delivery")
    checkout = Checkout(folder / "checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed, "ROWS", ROWS)
        seed_file = seed.write(folder / "state", checkout.config)
    with start_cloud(folder, SPEED, enforced=True) as cloud:
        apply_seed(cloud, seed_file)
        delivery = Delivery(cloud, checkout)
        delivery.bootstrap()
        delivery.subscribe_mailbox()
        yield delivery
        record(cloud, request.module.__name__)
