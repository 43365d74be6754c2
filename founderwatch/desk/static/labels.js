// Names the inputs of Datasette's own pages that have no label, for those who hear the page. Its SQL editor comes with
// the end of the page.
window.addEventListener("load", () => {
  "use strict";
  const names = {
    "[name=_filter_column], [name^=_filter_column_]": "Column",
    "[name=_filter_op], [name^=_filter_op_]": "Condition",
    "[name=_filter_value], [name^=_filter_value_]": "Value",
    "[name=_sort], [name=_sort_by_desc]": "Sort",
    ".CodeMirror textarea": "SQL",
  };
  for (const [which, name] of Object.entries(names)) {
    for (const input of document.querySelectorAll(which)) {
      if (!input.labels?.length && !input.hasAttribute("aria-label")) input.setAttribute("aria-label", name);
    }
  }
});
