// Ticking rows of a list: one box ticks all of this page, and the number of ticked rows is told. Without it each box works by itself.
for (const form of document.querySelectorAll("[data-choosing]")) {
  const boxes = [...document.querySelectorAll('input[name="chosen"]')].filter((box) => box.form === form);
  const told = form.querySelector("[data-chosen-count]");
  const head = form.closest("main").querySelector("[data-choose-all]");
  const count = () => boxes.filter((box) => box.checked).length;
  const tell = () => {
    if (told) {
      told.textContent = String(count());
      told.closest("[hidden], [data-chosen-note]").hidden = count() === 0;
    }
    if (head) {
      head.checked = boxes.length > 0 && count() === boxes.length;
      head.indeterminate = count() > 0 && !head.checked;
    }
  };
  if (head && boxes.length) {
    head.closest("[hidden]").hidden = false;
    head.addEventListener("change", () => {
      for (const box of boxes) box.checked = head.checked;
      tell();
    });
  }
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}
