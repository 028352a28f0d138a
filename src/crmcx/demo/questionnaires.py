"""The bank's survey: one instrument in two languages, one export each, item codes equal.

survey/responses_en.csv: comma, UTF-8, `yyyy-mm-dd hh:mm:ss`; survey/responses_de.csv: semicolon, UTF-8 with a byte
order mark, `dd.mm.yyyy hh:mm:ss`. Times are the wall clock of Europe/Berlin, also in the nights in which it changes.
An empty cell is an item that was skipped, 99 one that did not apply; a partial response ends after its first item.
An anonymous response names neither a contact nor the invitation that it follows.
"""

from __future__ import annotations

from attrs import frozen

from crmcx.demo.files import CsvForm

NOT_APPLICABLE = 99
"""The platform's code for an item that did not apply."""
STATUSES = ("complete", "partial")
"""Codes of the statuses, in the order of the labels."""
CHANNELS = ("web", "phone", "branch", "email")
"""Codes of the choices of the third item, in the order of the labels."""


@frozen(kw_only=True)
class Questionnaire:
    """The instrument in one language, and the file its responses come in."""

    language: str
    """Language: `en` or `de`."""
    name: str
    """Path of the export within the folder."""
    form: CsvForm
    """What the file looks like."""
    time_format: str
    """How times are written."""
    columns: tuple[str, ...]
    """Response, contact with names, mailbox, reference, time, status, seconds, touchpoint, four items, invitation."""
    statuses: tuple[str, ...]
    """Labels of the statuses."""
    channels: tuple[str, ...]
    """Labels of the choices of the third item."""
    broken: tuple[tuple[str, str], ...]
    """Column and cell of what nobody can read."""

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """Code and words of the items."""
        return tuple((code, words) for code, _, words in (each.partition(" ") for each in self.columns[10:14]))


ENGLISH = Questionnaire(
    language="en",
    name="survey/responses_en.csv",
    form=CsvForm(delimiter=",", encoding="utf-8"),
    time_format="%Y-%m-%d %H:%M:%S",
    columns=(
        "Response ID",  # R-1000001, counted over both languages
        "Contact ID",  # C-0000001, this platform's own, empty when anonymous
        "Recipient First Name",
        "Recipient Last Name",
        "Recipient Email",
        "External Reference",  # account number, of few
        "Recorded Date",  # Europe/Berlin
        "Status",  # Complete, Partial
        "Duration (seconds)",  # whole seconds
        "Touchpoint",  # account_overview, hotline, branch, help_desk, ...
        "Q1_NPS Likelihood to recommend",  # 0 to 10, empty, 99
        "Q2_CSAT Satisfaction",  # 1 to 5, empty, 99
        "Q3_CHANNEL Last channel used",  # a label or empty
        "Q4_COMMENT Your comment",  # words, sometimes with line breaks, quotes and the delimiter
        "Invitation ID",  # I-0000001 of survey/invitations.csv, empty when anonymous
    ),
    statuses=("Complete", "Partial"),
    channels=("Website", "Phone", "Branch", "E-mail"),
    broken=(
        ("Response ID", ""),
        ("Recorded Date", "2025-13-05 10:00:00"),
        ("Q1_NPS Likelihood to recommend", "ten"),
    ),
)
"""The English questionnaire and its file."""
GERMAN = Questionnaire(
    language="de",
    name="survey/responses_de.csv",
    form=CsvForm(delimiter=";", encoding="utf-8-sig"),
    time_format="%d.%m.%Y %H:%M:%S",
    columns=(
        "Antwort-ID",
        "Kontakt-ID",
        "Vorname",
        "Nachname",
        "E-Mail-Adresse",
        "Externe Referenz",
        "Aufgezeichnet am",
        "Status",
        "Dauer (Sekunden)",
        "Kontaktpunkt",
        "Q1_NPS Weiterempfehlung",
        "Q2_CSAT Zufriedenheit",
        "Q3_CHANNEL Zuletzt genutzter Weg",
        "Q4_COMMENT Ihr Kommentar",
        "Einladungs-ID",
    ),
    statuses=("Vollständig", "Teilweise"),
    channels=("Internetseite", "Telefon", "Filiale", "E-Mail"),
    broken=(
        ("Antwort-ID", ""),
        ("Aufgezeichnet am", "05.13.2025 10:00:00"),
        ("Q1_NPS Weiterempfehlung", "zehn"),
    ),
)
"""The German questionnaire and its file, column by column the same."""
QUESTIONNAIRES = (ENGLISH, GERMAN)
"""The instrument in all its languages."""


def channel_of(choice: str) -> str:
    """The code of a choice of the third item, of which a platform may keep no more than its place.

    Example:
        >>> channel_of("3"), channel_of("web")
        ('branch', 'web')
    """
    return CHANNELS[int(choice) - 1] if choice.isdigit() else choice
