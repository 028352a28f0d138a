"""The example connector, against a platform in small on this machine."""

from crmcx_example import Example

from crmcx.testing import Asked, Kind, Platform, Says, connector_suite

TOKEN = "token-of-the-tests"


class ExampleInSmall(Platform):
    kinds = {
        "tickets": Kind(
            record={
                "id": "T-{n}",
                "subject": "printer",
                "state": "open",
                "created_at": "{created}",
                "updated_at": "{stamp}",
            },
            change="state",
            words=("open", "done"),
            deleted="is_deleted",
        ),
    }

    def answer(self, asked: Asked) -> Says:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Says(401)
        if asked.path != "/tickets":
            return Says(404)
        return self.page(self.since("tickets", asked.query.get("since")), asked.query.get("page"), rows="tickets")


TestExample = connector_suite(Example, settings={"url": "{url}", "token": TOKEN}, server=ExampleInSmall)
