"""Pictures of results, and one page that shows them: a single HTML file, opened from disk without a network."""

from crmcx.report._layout import Place
from crmcx.report.blocks import Block, Figure, Folded, Point, Points, Rows, Tile, Tiles, Words
from crmcx.report.graph import transition_picture
from crmcx.report.page import Page, Section
from crmcx.report.person import Evidence, Finder, Happening, PersonCard
from crmcx.report.pictures import answers_picture, funnel_picture
from crmcx.report.receipts import receipt_rows
from crmcx.report.stages import StageRow, stage_picture

__all__ = [
    "Block",
    "Evidence",
    "Figure",
    "Finder",
    "Folded",
    "Happening",
    "Page",
    "PersonCard",
    "Place",
    "Point",
    "Points",
    "Rows",
    "Section",
    "StageRow",
    "Tile",
    "Tiles",
    "Words",
    "answers_picture",
    "funnel_picture",
    "receipt_rows",
    "stage_picture",
    "transition_picture",
]
