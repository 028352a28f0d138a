"""The suite over connectors that are as they should be."""

from __future__ import annotations

from collections.abc import Iterator

from tests.testing.helpdesk import SETTINGS, Helpdesk, HelpdeskInSmall
from tests.testing.shop import PRODUCT, Shop, ShopInSmall
from tests.testing.shop import SETTINGS as SHOP

from crmcx.connectors import Api, Cursor, Deletes, Page, stream
from crmcx.testing import MODES, connector_suite

TestHelpdesk = connector_suite(Helpdesk, settings=SETTINGS, server=HelpdeskInSmall)
TestShop = connector_suite(Shop, settings=SHOP, server=ShopInSmall)


class ResumingShop(Shop):
    """Goes on at an offset after a break, also where the source led it back before."""

    @stream(PRODUCT, deletes=Deletes.sweep())
    def products(self, api: Api, cursor: Cursor) -> Iterator[Page]:
        yield from Shop.products(self, api, cursor)


def test_a_pass_that_was_led_back_begins_anew() -> None:
    (mode,) = (mode for mode in MODES if mode.name == "repeated cursor")
    suite = connector_suite(ResumingShop, settings=SHOP, server=ShopInSmall)()
    suite.test_nothing_is_lost_or_doubled_when_the_source_is(mode)
