"""The website of docs/ has every page, and its links stay inside it; seen without building it."""

import re

import yaml

from docs.website import FROM_THE_TOP, from_the_top, on_page_markdown
from tests.docs.test_docs import PAGES, ROOT
from tests.docs.test_links import DOCUMENTS, FENCED, LINK


def test_the_website_has_every_page_once() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = re.findall(r"[\w-]+\.md", str(site["nav"]))
    assert sorted(listed) == sorted([*PAGES, *FROM_THE_TOP.values()])


def test_links_of_the_website_lead_to_pages_of_the_website() -> None:
    shown = {FROM_THE_TOP[name]: from_the_top(DOCUMENTS[name]) for name in FROM_THE_TOP}
    shown |= {name: on_page_markdown(text) for name, text in PAGES.items()}
    pages = {"README.md", "CONTRIBUTING.md"}
    for name, text in shown.items():
        links = [link.partition("#")[0] for link in LINK.findall(FENCED.sub("", text)) if "://" not in link]
        for link in filter(None, links):
            assert link in shown or (ROOT / "docs" / link).is_file(), f"{name}: {link}"
            assert link not in pages and not link.startswith("..")
