// Shows under the units of a point what its option says of the usual range (data-usual). Works beside record.js, which tells
// of every change with the event "points:changed".

const form = document.querySelector("form[data-record-form]");

function show() {
  for (const row of form.querySelectorAll("[data-point-row]")) {
    const place = row.querySelector("[data-usual-units]");
    const option = row.querySelector('[name$="-site"]')?.selectedOptions[0];
    if (place) place.textContent = option?.dataset.usual ?? "";
  }
}

if (form) {
  form.addEventListener("points:changed", show);
  show();
}
