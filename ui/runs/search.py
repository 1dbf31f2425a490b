"""What is searched for on the Runs page, and which columns its table has."""

import streamlit as st

from engine.store.query import STATES, RunFilter, known_datasets
from engine.store.store import Store
from engine.store.where import LONGEST, Where, WhereError, parse_where
from ui.runs.columns import ALWAYS, USUAL, choices, title
from ui.runs.view import current_view, show_columns
from ui.shared.text import as_markdown, visible

KINDS = {"active": False, "archived": True, "all": None}
HOW_TO_FILTER = (
    "Conditions on columns and settings with blanks between them; all must hold. Compare by "
    "`=` `!=` `<` `<=` `>` `>=`, or `~` for: contains. Put values with blanks in quotes: "
    '`optimizer=adam learning_rate>0.01 val_loss<=0.1 name~"my run" tag=good hidden_sizes=16,16`. '
    "`list --where` of the command line takes the same."
)


def search_bar(store: Store) -> RunFilter | None:
    """Draw what is searched for and return it; None where the filter cannot be read."""
    text = st.text_input(
        "Search",
        key="runs_text",
        placeholder="name, tag, note or number",
        max_chars=200,
        icon=":material/search:",
        width=220,
        on_change=to_first_page,
        help="Runs whose name, tags or note contain this text, or whose number it is.",
        bind="query-params",
    )
    expression = st.text_input(
        "Filter",
        key="runs_where",
        placeholder="optimizer=adam val_loss<0.1",
        max_chars=LONGEST,
        icon=":material/filter_alt:",
        width=300,
        on_change=to_first_page,
        help=HOW_TO_FILTER,
        bind="query-params",
    )
    status = _choice("Status", "runs_status", STATES, "Status of the runs.")
    dataset = _choice("Data", "runs_dataset", tuple(known_datasets(store)), "Dataset of the runs.")
    kind = st.selectbox(
        "Show",
        list(KINDS),
        key="runs_kind",
        width=120,
        on_change=to_first_page,
        help="Archived runs are kept but hidden from all lists.",
        bind="query-params",
    )
    where = _parsed(expression or "")
    return None if where is None else RunFilter(text or "", status or "", dataset or "", KINDS[kind], where)


def _parsed(expression: str) -> Where | None:
    try:
        return parse_where(expression)
    except WhereError as error:
        st.session_state["runs_where_error"] = str(error)
        return None


def show_filter_error() -> None:
    """Show why the filter cannot be read, in one sentence."""
    sentence = st.session_state.pop("runs_where_error", "")
    st.error(as_markdown(sentence, 700), icon=":material/filter_alt_off:")


def _choice(title_: str, key: str, options: tuple[str, ...], help_text: str) -> str | None:
    return st.selectbox(
        title_,
        options,
        index=None,
        key=key,
        placeholder="any",
        width=130,
        format_func=visible,
        on_change=to_first_page,
        help=help_text,
        bind="query-params",
    )


def to_first_page() -> None:
    """Show the first page of the table again."""
    st.session_state["runs_page"] = 0


def choose_columns() -> list[str]:
    """Draw the choice of columns and return their names in order, the run's number first."""
    columns = current_view()["columns"]
    st.session_state["runs_columns_chosen"] = columns
    with st.popover("Columns", icon=":material/view_column:", key="runs_columns_open"):
        st.button(
            "Usual columns",
            icon=":material/restart_alt:",
            key="runs_columns_usual",
            type="tertiary",
            disabled=columns == list(USUAL),
            on_click=lambda: show_columns(USUAL),
            help="Shows the columns that are shown at first.",
        )
        st.multiselect(
            "Columns",
            choices(),
            format_func=title,
            key="runs_columns_chosen",
            placeholder="Add a column or a setting",
            on_change=lambda: show_columns(st.session_state["runs_columns_chosen"]),
            help="In this order. Drag a header, or press Alt and an arrow key on it, to move its column.",
        )
    return [ALWAYS, *columns]


def group_seeds() -> bool:
    """Draw the switch of the groups and return whether seeds of one configuration share a line."""
    return st.toggle(
        "Group seeds",
        value=True,
        key="runs_grouped",
        on_change=to_first_page,
        help="One row for runs that differ in their seed alone: mean ± 95 % interval of those that finished. "
        "It opens to its runs.",
        bind="query-params",
    )
