// Several vials in one treatment: says how many units come from which, how each was made up where they are unlike, and of which
// points the volume can be told then; asks about sharing only where a chosen vial was used for another patient. The server says
// the same without it. Works beside record.js, which tells of every change of the points
// with the event "points:changed".
//
// What the page gives: [data-vial] selects whose options have data-lot, data-units-left and data-shared; [data-total="units"];
// [data-vial-shares] with data-text-share, -then, -strength, -not-noted and -unlike; rows with [data-volume] and a units field; [data-shared-vial], which may be missing.

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

/** Units in a millilitre; null while it is not known how the vial was made up. */
function strength(vial) {
  return Number(vial.unitsPerMl) || null;
}

/** Whether the vials differ in how they were made up. */
function areUnlike(vials) {
  return new Set(vials.map(strength)).size > 1;
}

/** The strength of all vials that the units from `begin` to `end` come out of; null where they differ or one is not known. */
function strengthOf(begin, end, vials, given) {
  const touched = new Set();
  let from = 0;
  vials.forEach((vial, number) => {
    const until = from + given[number];
    if (until - from > 1e-6 && from < end - 1e-6 && until > begin + 1e-6) touched.add(strength(vial));
    from = until;
  });
  return touched.size === 1 ? [...touched][0] : null;
}

/** The volume of each point in the order of the record; a dash where it cannot be told. See allocation.volumes. */
function showVolumes(vials, given) {
  let before = 0;
  for (const row of form.querySelectorAll("[data-point-row]")) {
    const cell = row.querySelector("[data-volume]");
    const units = Number(row.querySelector('[name$="-units"]')?.value.trim().replace(",", ".") || NaN);
    if (!cell || row.hidden || !(units > 0)) continue;
    const perMl = strengthOf(before, before + units, vials, given);
    before += units;
    const three = perMl ? (Math.round((units / perMl) * 1000) / 1000).toFixed(3) : "–";
    cell.textContent = three.endsWith("0") ? three.slice(0, -1) : three;
  }
}

function show() {
  const vials = chosen();
  const place = form.querySelector("[data-vial-shares]");
  const words = place.dataset;
  const total = Number(form.querySelector('[data-total="units"]')?.textContent) || 0;
  const given = shares(total, vials);
  const unlike = areUnlike(vials);
  const parts = given.map((share, number) => {
    const told = words.textShare.replace("{units}", write(share)).replace("{lot}", vials[number].lot);
    if (!unlike) return told;
    const perMl = strength(vials[number]);
    return `${told} (${perMl ? words.textStrength.replace("{units}", write(perMl / 10)) : words.textNotNoted})`;
  });
  place.hidden = vials.length < 2;
  place.textContent = vials.length < 2 ? "" : parts.join(words.textThen) + (unlike ? `. ${words.textUnlike}` : "");
  if (unlike) showVolumes(vials, given);
  const asked = form.querySelector("[data-shared-vial]");
  if (asked) asked.hidden = !vials.some((vial) => vial.shared) && !asked.querySelector(".is-invalid");
}

if (form) {
  form.addEventListener("points:changed", show);
  for (const field of form.querySelectorAll("[data-vial]")) field.addEventListener("change", show);
  show();
}
