from __future__ import annotations

from ui.lab.ledger import ledger
from ui.markup import Html


def test_rows_and_columns_have_headings_and_texts_are_escaped():
    html = ledger("What <it> is", ["", "Value"], [["<b>", "1"], [Html("<i>x</i>"), "2"], ["All", "3"]], 1)
    assert "What &lt;it&gt; is" in html
    assert '<th scope="col">Value</th>' in html
    assert '<th scope="row">&lt;b&gt;</th><td>1</td>' in html
    assert '<th scope="row"><i>x</i></th>' in html
    assert html.count('class="total"') == 1
    assert html.index('class="total"') < html.index("All")
