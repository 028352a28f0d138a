"""How the documentation is built: strictly, and without a look at the network."""

import logging
import os
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "crmcx"
author = "The crmcx founders"
copyright = "The crmcx founders"
release = version = installed_version("crmcx")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "crmcx"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["notebook.css", "model.css"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Notebooks are kept without outputs and run at every build, by the Python that builds; an error in a cell ends it.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_kernel_rgx_aliases = {".*": "python3"}
nb_merge_streams = True

_kernel = Path(__file__).parent / "_build" / "ipython"  # not the settings of who builds
(_kernel / "profile_default").mkdir(parents=True, exist_ok=True)
(_kernel / "profile_default" / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n")
os.environ["IPYTHONDIR"] = str(_kernel)
logging.getLogger("traitlets").setLevel(logging.WARNING)  # that a notebook runs is no news

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
default_role = "code"


def _notebooks(_app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """Notebooks are read at every build: what they show comes from the library, not from their text."""
    return [page for page in env.found_docs if Path(env.doc2path(page)).suffix == ".ipynb"]


def _options(_app: Sphinx, what: str, name: str, *_details: object) -> bool | None:
    """The options of functions are told by the functions; the classes that bundle them are for type checkers."""
    return True if what == "module" and name.endswith("Options") else None


def setup(app: Sphinx) -> None:
    app.connect("env-get-outdated", _notebooks)
    app.connect("autodoc-skip-member", _options)
