// Several vials in one treatment: says how many units come from which, and asks about sharing only where a chosen vial was used
// for another patient. The server says the same without it. Works beside record.js, which tells of every change of the points
// with the event "points:changed".
//
// What the page gives: [data-vial] selects whose options have data-lot, data-units-left and data-shared; [data-total="units"];
// [data-vial-shares] with data-text-share and data-text-then; [data-shared-vial], which may be missing.

const form = document.querySelector("form[data-record-form]");

function chosen() {
  return [...form.querySelectorAll("[data-vial]")].map((field) => field.selectedOptions[0]?.dataset ?? {}).filter((data) => data.lot);
}

/** How many of `total` units come from each vial: the first until it is empty, then the next; what is too much from the last. */
function shares(total, vials) {
  let rest = total;
  return vials.map((vial, number) => {
    const share = number === vials.length - 1 ? rest : Math.min(rest, Number(vial.unitsLeft));
    rest -= share;
    return share;
  });
}

function write(units) {
  return String(Math.round(units * 100) / 100);
}

function show() {
  const vials = chosen();
  const place = form.querySelector("[data-vial-shares]");
  const total = Number(form.querySelector('[data-total="units"]')?.textContent) || 0;
  const parts = shares(total, vials).map((share, number) =>
    place.dataset.textShare.replace("{units}", write(share)).replace("{lot}", vials[number].lot),
  );
  place.hidden = vials.length < 2;
  place.textContent = vials.length < 2 ? "" : parts.join(place.dataset.textThen);
  const asked = form.querySelector("[data-shared-vial]");
  if (asked) asked.hidden = !vials.some((vial) => vial.shared) && !asked.querySelector(".is-invalid");
}

if (form) {
  form.addEventListener("points:changed", show);
  for (const field of form.querySelectorAll("[data-vial]")) field.addEventListener("change", show);
  show();
}
