"""Ends the process when it is imported."""

import sys

sys.exit("this plugin ends the process")
