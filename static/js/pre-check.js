// "No to the rest" without a round to the server: every question that has no answer yet gets a no. Each can still be changed.

const button = document.querySelector("[data-no-to-the-rest]");
const rows = document.querySelectorAll('[data-pre-check] [role="radiogroup"]');

button?.addEventListener("click", (event) => {
  event.preventDefault();
  for (const row of rows) {
    if (!row.querySelector("input:checked")) {
      row.querySelector('input[value="NO"]').checked = true;
    }
  }
  // A draft that saves itself listens for changes.
  rows[0]?.querySelector("input:checked")?.dispatchEvent(new Event("change", { bubbles: true }));
});
