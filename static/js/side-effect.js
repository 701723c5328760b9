// The form of a side effect: says at once that a chosen term is urgent, and finds a term by any of its words.
// Without this file the terms say so themselves, and the page says it again when the form is sent.

const form = document.querySelector("[data-side-effect-form]");
const terms = form?.querySelector("[data-urgent-terms]");
const box = form?.querySelector("[data-urgent-box]");

if (terms && box) {
  const name = box.querySelector("[data-urgent-name]");
  const shown = form.querySelector(".alert-danger:not([data-urgent-box])");
  const tell = () => {
    const urgent = terms.selectedOptions[0]?.dataset.urgent ?? "";
    name.textContent = urgent;
    box.hidden = urgent === "";
    // What the server said is about the term that was sent, not about the one chosen since.
    shown?.toggleAttribute("hidden", true);
  };
  terms.addEventListener("change", tell);
}

const finder = form?.querySelector("[data-term-finder]");
if (terms && finder) {
  const box = finder.querySelector("input");
  const found = finder.querySelector("[data-found]");
  const groups = [...terms.querySelectorAll("optgroup")].map((group) => [group, [...group.children]]);
  finder.hidden = false;

  const find = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = terms.value;
    const matches = [];
    for (const [group, options] of groups) {
      const kept = options.filter((option) => {
        const text = `${option.text} ${group.label}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      group.replaceChildren(...kept);
      group.hidden = kept.length === 0;
      matches.push(...kept);
    }
    if (words.length === 0) {
      terms.value = chosen;
      found.textContent = "";
      return;
    }
    const only = matches.length === 1 ? matches[0] : null;
    terms.value = only ? only.value : matches.some((option) => option.value === chosen) ? chosen : "";
    const { textNone, textSome, textOne } = found.dataset;
    if (only) found.textContent = textOne.replace("{term}", only.text);
    else found.textContent = matches.length ? textSome.replace("{count}", matches.length) : textNone;
    terms.dispatchEvent(new Event("change"));
  };
  box.addEventListener("input", find);
  // Enter looks for a term; it does not send a report that is only half filled in.
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    terms.focus();
  });
}
