// Keys for the review desk. Each key presses the button or link that names it in aria-keyshortcuts, so that the
// page does the same with a mouse, a finger, or without this file.
(() => {
  "use strict";
  const names = { " ": "Space" };
  const form = document.getElementById("verdict");
  const help = document.getElementById("help");
  const edit = document.getElementById("edit");
  let sent = false;
  let field = null;

  const types = (element) => element.matches("input, select, textarea");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const element = event.target;
    if (types(element)) {
      if (event.key === "Escape") element.blur();
      // A radio button or a box to tick takes no words: keys are still ours but for the space and the arrows.
      if (!element.matches("[type=radio], [type=checkbox]") || [" ", "Enter"].includes(event.key)) return;
    }
    if (help?.open || event.repeat) return;
    // The browser's own: what is focused is pressed.
    if (["Enter", " "].includes(event.key) && element.closest("button, a, summary")) return;
    const name = names[event.key] ?? event.key;
    const target = document.querySelector(`[aria-keyshortcuts="${CSS.escape(name)}"]`);
    if (!target) return;
    event.preventDefault();
    target.click();
    const opened = target.closest("details");
    if (target.matches("summary") && opened.open) opened.querySelector("input:not([type=hidden])")?.focus();
  });

  // One page sends one answer, however often a key is pressed while it is on its way.
  for (const one of document.querySelectorAll("form[method=post]")) {
    one.addEventListener("submit", (event) => {
      if (sent) return event.preventDefault();
      sent = true;
      if (one === form) form.classList.add("sent");
    });
  }
  window.addEventListener("pageshow", () => {
    sent = false;
    form?.classList.remove("sent");
  });

  document.getElementById("ask-help")?.addEventListener("click", () => help.showModal());

  // Datasette closes every open details when a click elsewhere reaches the body; the fields stay open.
  form?.addEventListener("click", (event) => event.stopPropagation());

  // Words that are selected in the text go into the field that was entered last.
  edit?.addEventListener("focusin", (event) => {
    if (event.target.matches("input[type=text]")) field = event.target;
  });
  document.querySelector(".candidate")?.addEventListener("pointerup", () => {
    const chosen = window.getSelection().toString().replace(/\s+/g, " ").trim();
    if (!edit?.open || !field || !chosen || chosen.length > field.maxLength) return;
    field.value = chosen;
    field.focus();
  });
})();
