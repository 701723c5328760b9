// Recording a treatment: the maps and the table of points are two views of one list.
//
// The table is the truth: a Django formset with the prefix "points". This module fills and reads its rows, and shows them on
// the maps and in the totals. It sends nothing and keeps nothing; without it the table works by itself.
//
// What the page gives (every part but the form and the table may be missing):
//   form[data-record-form]            data-side="RIGHT|LEFT|" is the condition's side, taken where a quick entry names none;
//                                     data-text-<name> replaces a sentence below (see TEXTS)
//   [data-vial]                       selects (the chosen option of each is read) or an input with data-product,
//                                     data-units-per-ml (empty: not reconstituted) and data-units-left (before this treatment)
//   [data-points-table] [data-points-body] [data-point-row]
//                                     rows with points-<n>-site (option value: the point's code; data-sides: "RIGHT LEFT" or
//                                     "MIDLINE"; data-warning), points-<n>-side, points-<n>-units, points-<n>-DELETE,
//                                     and cells [data-volume] and [data-last]; a free point (site FREE) has besides
//                                     points-<n>-name, -view, -x and -y (percent of the picture)
//   template[data-point-template]     an empty row, its number written __prefix__
//   [data-add-row]                    button that adds a row
//   [data-quick] with [data-quick-entry], [data-quick-message] and [data-undo]
//   [data-total=units|right|left|midline|volume|points|left-in-vial|product]
//   [data-body-maps]                  templates/components/body-maps.html: one [data-face-map] for each view of the body
//   [data-free-point]                 button: the next press on a picture is a free point
//   [data-separate]                   holds the box that says that points at one place are separate
//
// After every change the form receives the event "points:changed", and after a press on a point "point:picked": whoever cancels
// that takes over from here, and answers with "point:dosed" or "point:left".

const TEXTS = {
  unknown: "No point is called “{name}”.",
  ambiguous: "“{name}” could be {points}.",
  nothing: "Type a point, a side and units, such as “corr L 2.5”.",
  noName: "Which point? Type its name or code before the units.",
  noSide: "Right or left? Add R or L.",
  wrongSide: "{point} is not given on that side.",
  noUnits: "How many units? Add a number, such as 2.5.",
  badUnits: "“{units}” is not a number of units.",
  added: "{point}, {side}: {units} U.",
  addedTimes: "{point}, {side}: {count} × {units} U.",
  addedAgain: "One more point in {point}, {side}: {units} U.",
  undone: "Taken back.",
  removed: "Removed: {point}.",
  remove: "Remove {point}",
  short: "more than is left in the vial",
  pointName: "{point}, {side}",
  dose: "{units} U",
  lastTime: "last time {units} U",
  placeFree: "Press the place on the picture.",
  nameFree: "Name the point and give its units.",
  freePoint: "free point",
};

const FREE = "FREE";
const FREE_FIELDS = ["name", "view", "x", "y"];
const FIELDS = ["site", "side", "units", ...FREE_FIELDS];
const SVG = "http://www.w3.org/2000/svg";
/** How near the middle of a picture, in percent, a free point counts as one in the midline; as on the server. */
const NEAR_THE_MIDDLE = 2;

const SIDE_WORDS = {
  r: "RIGHT", right: "RIGHT", rt: "RIGHT",
  l: "LEFT", left: "LEFT", lt: "LEFT",
  m: "MIDLINE", midline: "MIDLINE",
};
const MOST_NAMED = 4;
const NUMBER = /^\d{1,5}([.,]\d{1,2})?u?$/i;
/** "2.5x2": the units of each of some points at one place. */
const REPEATED = /^(\d[\d.,]*)u?[x×*]([1-9])$/i;
const TIMES = /^[x×*]([1-9])$/i;

/**
 * A number as typed ("2,5" and "2.5" alike), or null when it is none, not above zero, or finer than two decimals:
 * "1,000" may have been meant as a thousand.
 */
export function parseUnits(text) {
  const plain = text.trim().replace(",", ".");
  if (!/^\d{1,5}(\.\d{1,2})?$/.test(plain)) return null;
  const units = Number(plain);
  return units > 0 ? units : null;
}

/** Units without needless zeros: 2.5, 5, 1.25. */
export function writeUnits(units) {
  return String(Math.round(units * 100) / 100);
}

/** Millilitres with two places, or three where two would not do: 0.10, 0.025. */
export function writeVolume(millilitres) {
  const three = (Math.round(millilitres * 1000) / 1000).toFixed(3);
  return three.endsWith("0") ? three.slice(0, -1) : three;
}

/** The doses at one place, as the server writes them too: 2.5 · 2×2.5 · 2.5+1 · Σ7.5 */
export function writeDoses(doses) {
  if (doses.length > 1 && new Set(doses).size === 1) return `${doses.length}×${writeUnits(doses[0])}`;
  if (doses.length > 2) return `Σ${writeUnits(doses.reduce((sum, one) => sum + one, 0))}`;
  return doses.map(writeUnits).join("+");
}

/** The sites whose code or name begins, word for word, with what was typed. An exact code is the only answer. */
export function findSites(sites, words) {
  const typed = words.join("_").toUpperCase();
  const exact = sites.filter((site) => site.code === typed || site.code.replaceAll("_", "") === typed.replaceAll("_", ""));
  if (exact.length) return exact;
  const begins = (having) => {
    let from = 0;
    return words.every((word) => {
      const found = having.findIndex((one, index) => index >= from && one.startsWith(word));
      from = found + 1;
      return found >= 0;
    });
  };
  const byCode = sites.filter((site) => begins(site.code.toLowerCase().split("_")));
  if (byCode.length) return byCode;
  return sites.filter((site) => begins(site.label.toLowerCase().split(/[^\p{L}\p{N}]+/u)));
}

/**
 * Reads "corr L 2.5", or "corr L 2.5x2" for two points of 2.5 at one place.
 * Answers {site, side, units, count}, or {problem, ...} with the name of a sentence in TEXTS.
 */
export function readQuickEntry(text, sites, defaultSide) {
  const words = text.trim().toLowerCase().split(/[\s;:]+/).filter(Boolean);
  if (!words.length) return { problem: "nothing" };
  let side = "";
  let units = null;
  let count = 1;
  const name = [];
  for (const typed of words) {
    const repeated = REPEATED.exec(typed);
    const word = repeated ? repeated[1] : typed;
    const times = repeated ? repeated[2] : units !== null && TIMES.exec(typed)?.[1];
    if (times) count = Number(times);
    if (times && !repeated) continue;
    if (units === null && NUMBER.test(word)) units = parseUnits(word.replace(/u$/i, "")) ?? NaN;
    else if (!side && name.length && SIDE_WORDS[word]) side = SIDE_WORDS[word];
    else if (/^-?[\d.,]+u?$/.test(word)) return { problem: "badUnits", units: word };
    else if (word !== "u") name.push(word);
  }
  if (Number.isNaN(units)) return { problem: "badUnits", units: words.find((word) => NUMBER.test(word) || REPEATED.test(word)) };
  if (!name.length) return { problem: "noName" };
  const found = findSites(sites, name);
  if (!found.length) return { problem: "unknown", name: name.join(" ") };
  if (found.length > 1) return { problem: "ambiguous", name: name.join(" "), sites: found };
  const [site] = found;
  if (!side) side = site.sides.length === 1 ? site.sides[0] : site.sides.includes(defaultSide) ? defaultSide : "";
  if (!side) return { problem: "noSide" };
  if (!site.sides.includes(side)) return { problem: "wrongSide", site };
  if (units === null) return { problem: "noUnits" };
  return { site, side, units, count };
}

/** The patient's side at `x` percent of a picture that shows `onlySide` alone, or both, from the front or from behind. */
export function sideAt(x, onlySide, fromBehind) {
  if (onlySide) return onlySide;
  if (Math.abs(x - 50) < NEAR_THE_MIDDLE) return "MIDLINE";
  return (x < 50) !== fromBehind ? "RIGHT" : "LEFT";
}

class Recording {
  constructor(form) {
    this.form = form;
    this.body = form.querySelector("[data-points-body]");
    this.template = form.querySelector("template[data-point-template]");
    this.total = form.querySelector('[name="points-TOTAL_FORMS"]');
    this.map = form.querySelector("[data-body-maps]");
    this.pictures = [...form.querySelectorAll("[data-face-map]")];
    this.freeButton = form.querySelector("[data-free-point]");
    this.separate = form.querySelector("[data-separate]");
    this.quick = form.querySelector("[data-quick-entry]");
    this.message = form.querySelector("[data-quick-message]");
    this.undoButton = form.querySelector("[data-undo]");
    this.undos = [];
    const anySite = (this.template?.content ?? this.body).querySelector('[name$="-site"]');
    this.sites = [...anySite.options]
      .filter((option) => option.value && option.value !== FREE)
      .map((option) => ({
        code: option.value,
        label: option.textContent.trim(),
        sides: (option.dataset.sides || "RIGHT LEFT").split(" "),
        warning: option.dataset.warning || "",
      }));
    const anySide = (this.template?.content ?? this.body).querySelector('[name$="-side"]');
    this.sideWords = Object.fromEntries([...anySide.options].map((option) => [option.value, option.textContent.trim()]));
  }

  start() {
    for (const row of this.rows()) this.dress(row);
    this.body.addEventListener("input", () => this.show());
    this.body.addEventListener("change", (event) => this.changed(event));
    this.body.addEventListener("keydown", (event) => this.keyInTable(event));
    this.body.addEventListener("focusin", (event) => {
      const row = event.target.closest("[data-point-row]");
      this.choose(row);
      if (row) this.asItWas = { row, values: this.snapshot(row) };
    });
    this.body.addEventListener("focusout", () => this.choose(null));
    this.form.querySelector("[name=wasted_units]")?.addEventListener("input", () => this.show());
    for (const field of this.form.querySelectorAll("[data-vial]")) field.addEventListener("change", () => this.show());
    this.form.querySelector("[data-add-row]")?.addEventListener("click", (event) => {
      if (!this.template) return;
      event.preventDefault();
      const row = this.addRow();
      this.choose(row);
      this.field(row, "site").focus();
    });
    if (this.quick) {
      this.quick.closest("[data-quick]").hidden = false;
      this.quick.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        this.enter();
      });
      this.quick.addEventListener("input", () => this.say(""));
      this.undoButton?.addEventListener("click", () => this.undo());
    }
    if (this.map) this.wakeMap();
    this.show();
  }

  text(name, values = {}) {
    const own = this.form.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`];
    return (own || TEXTS[name]).replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
  }

  // -- rows --------------------------------------------------------------------------------------------------------------

  rows() {
    return [...this.body.querySelectorAll("[data-point-row]")];
  }

  field(row, name) {
    return row.querySelector(`[name^="points-"][name$="-${name}"]`);
  }

  read(row) {
    const site = this.field(row, "site").value;
    const typed = this.field(row, "units").value;
    return {
      row,
      site,
      side: this.field(row, "side").value,
      units: parseUnits(typed),
      name: this.field(row, "name")?.value.trim() ?? "",
      view: this.field(row, "view")?.value ?? "",
      x: parsePercent(this.field(row, "x")?.value ?? ""),
      y: parsePercent(this.field(row, "y")?.value ?? ""),
      isEmpty: !site && !typed.trim(),
      isRemoved: Boolean(this.field(row, "DELETE")?.checked),
    };
  }

  /** The rows that count: filled and not removed. */
  points() {
    return this.rows().map((row) => this.read(row)).filter((point) => !point.isRemoved && !point.isEmpty);
  }

  addRow() {
    const number = Number(this.total.value);
    const holder = document.createElement("tbody");
    holder.innerHTML = this.template.innerHTML.replaceAll("__prefix__", String(number));
    const row = holder.querySelector("[data-point-row]");
    this.body.append(row);
    this.total.value = String(number + 1);
    this.dress(row);
    return row;
  }

  /** An empty row to write in, made when there is none. */
  emptyRow() {
    const empty = this.rows().map((row) => this.read(row)).find((point) => point.isEmpty && !point.isRemoved);
    return empty ? empty.row : this.addRow();
  }

  /** A button with a cross in place of the box to tick. */
  dress(row) {
    const box = this.field(row, "DELETE");
    row.hidden = Boolean(box?.checked);
    if (!box || row.querySelector("[data-remove]")) return;
    for (const part of [box, ...row.querySelectorAll(`label[for="${box.id}"]`)]) part.hidden = true;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-link";
    button.dataset.remove = "";
    button.textContent = "×";
    button.addEventListener("click", () => this.remove(row));
    box.after(button);
  }

  remove(row) {
    const before = this.snapshot(row);
    const name = this.nameOf(row);
    const next = row.nextElementSibling;
    this.field(row, "DELETE").checked = true;
    row.hidden = true;
    this.undos.push(() => this.restore(row, before));
    this.say(this.text("removed", { point: name }));
    this.show();
    (next && !next.hidden ? this.field(next, "units") : this.quick)?.focus();
  }

  snapshot(row) {
    return FIELDS.map((name) => this.field(row, name)?.value ?? "");
  }

  restore(row, values) {
    FIELDS.forEach((name, index) => {
      const field = this.field(row, name);
      if (field) field.value = values[index];
    });
    const box = this.field(row, "DELETE");
    if (box) box.checked = false;
    row.hidden = false;
  }

  fill(row, site, side, units) {
    const before = this.snapshot(row);
    this.field(row, "site").value = site;
    this.field(row, "side").value = side;
    if (units !== undefined) this.field(row, "units").value = units;
    this.undos.push(() => this.restore(row, before));
  }

  nameOf(row) {
    const { site, side, name } = this.read(row);
    const label = site === FREE ? name || this.text("freePoint") : this.sites.find((one) => one.code === site)?.label;
    return label ? this.text("pointName", { point: label, side: this.sideWords[side] || "" }).replace(/, $/, "") : "";
  }

  changed(event) {
    const row = event.target.closest("[data-point-row]");
    if (!row) return;
    if (this.asItWas?.row === row && this.snapshot(row).join("\n") !== this.asItWas.values.join("\n")) {
      const { values } = this.asItWas;
      this.undos.push(() => this.restore(row, values));
    }
    if (event.target === this.field(row, "site")) {
      const site = this.sites.find((one) => one.code === event.target.value);
      const side = this.field(row, "side");
      if (site && !site.sides.includes(side.value)) {
        const usual = this.form.dataset.side;
        side.value = site.sides.length === 1 ? site.sides[0] : site.sides.includes(usual) ? usual : "";
      }
      if (site?.warning) this.say(site.warning, "warning");
    }
    this.asItWas = { row, values: this.snapshot(row) };
    this.show();
  }

  /** Enter in the table goes on to the next point. It must never send the page, least of all sign it. */
  keyInTable(event) {
    if (event.key !== "Enter" || !event.target.matches("input, select")) return;
    event.preventDefault();
    const rows = this.rows().filter((row) => !row.hidden);
    const next = rows[rows.indexOf(event.target.closest("[data-point-row]")) + 1];
    (next ? this.field(next, "units") : this.quick)?.focus();
  }

  choose(row) {
    for (const other of this.rows()) other.classList.toggle("is-chosen", other === row);
  }

  // -- quick entry -------------------------------------------------------------------------------------------------------

  enter() {
    const read = readQuickEntry(this.quick.value, this.sites, this.form.dataset.side);
    if (read.problem) {
      const names = read.sites?.map((site) => site.label) ?? [];
      const points = names.slice(0, MOST_NAMED).join(" · ") + (names.length > MOST_NAMED ? " …" : "");
      this.say(this.text(read.problem, { ...read, points, point: read.site?.label }), "error");
      return;
    }
    const { site, side, units, count } = read;
    const again = this.points().some((point) => point.site === site.code && point.side === side && point.units !== null);
    const waiting = this.points().find((point) => point.site === site.code && point.side === side && point.units === null);
    const before = this.undos.length;
    let row = null;
    for (let made = 0; made < count; made += 1) {
      row = (made === 0 && waiting?.row) || this.emptyRow();
      this.fill(row, site.code, side, writeUnits(units));
    }
    // One thing typed is one thing taken back.
    const back = this.undos.splice(before);
    this.undos.push(() => back.forEach((step) => step()));
    if (count > 1) this.confirmSeparate();
    const said = this.text(count > 1 ? "addedTimes" : again ? "addedAgain" : "added", {
      point: site.label, side: this.sideWords[side], units: writeUnits(units), count: String(count),
    });
    this.say(site.warning ? `${said} ${site.warning}` : said, site.warning ? "warning" : "");
    this.quick.value = "";
    this.choose(row);
    this.show();
  }

  /** Say a sentence beside the box; its kind is "error", "warning" or nothing. */
  say(sentence, kind = "") {
    if (!this.message) return;
    this.message.textContent = sentence;
    this.message.classList.toggle("is-error", kind === "error");
    this.message.classList.toggle("is-warning", kind === "warning");
  }

  undo() {
    this.undos.pop()?.();
    this.say(this.text("undone"));
    this.show();
  }

  // -- map ---------------------------------------------------------------------------------------------------------------

  wakeMap() {
    this.marks = [...this.map.querySelectorAll("[data-point]")];
    this.wakeFreePoints();
    for (const mark of this.marks) {
      mark.setAttribute("role", "button");
      mark.setAttribute("tabindex", "-1");
      mark.addEventListener("click", () => this.pick(mark));
      mark.addEventListener("pointerenter", () => this.tell(mark));
      mark.addEventListener("focus", () => this.tell(mark));
      mark.addEventListener("keydown", (event) => this.keyOnMap(event, mark));
    }
    this.map.addEventListener("pointerleave", () => this.tell(null));
    this.form.addEventListener("point:dosed", (event) => this.dose(event.detail));
    this.form.addEventListener("point:left", (event) => this.leave(event.detail));
    // Each picture is one stop for the Tab key.
    for (const picture of this.pictures) {
      const marks = this.marks.filter((mark) => picture.contains(mark));
      const first = marks.find((mark) => mark.dataset.side === this.form.dataset.side) ?? marks[0];
      first?.setAttribute("tabindex", "0");
    }
  }

  /** Say beside its picture which point the pointer or the keyboard is at. */
  tell(mark) {
    const here = mark?.closest("[data-face-map]");
    for (const picture of this.pictures) {
      const caption = picture.querySelector("[data-map-caption]");
      if (caption) caption.textContent = picture === here ? mark.querySelector("title").textContent : "\u00a0";
    }
  }

  // -- free points -------------------------------------------------------------------------------------------------------

  wakeFreePoints() {
    const rowCanHold = (this.template?.content ?? this.body).querySelector('[name$="-view"]');
    if (!this.freeButton || !rowCanHold) return;
    this.freeButton.closest("[hidden]")?.removeAttribute("hidden");
    this.freeButton.addEventListener("click", () => this.waitForPlace(!this.isPlacing));
    this.freeButton.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.waitForPlace(false);
    });
    for (const picture of this.pictures) {
      // Before the points under it hear of it: where a free point is to be put, no other is meant.
      picture.querySelector("[data-face]").addEventListener("click", (event) => {
        if (this.isPlacing) this.placeFree(picture, event);
      }, true);
    }
  }

  waitForPlace(isPlacing) {
    this.isPlacing = isPlacing;
    this.freeButton.setAttribute("aria-pressed", String(isPlacing));
    this.map.classList.toggle("is-placing", isPlacing);
    this.say(isPlacing ? this.text("placeFree") : "");
  }

  placeFree(picture, event) {
    const drawn = picture.querySelector("[data-face]");
    const box = drawn.viewBox.baseVal;
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawn.getScreenCTM().inverse());
    const [x, y] = [(spot.x / box.width) * 100, (spot.y / box.height) * 100];
    if (x < 0 || x > 100 || y < 0 || y > 100) return;
    event.preventDefault();
    event.stopPropagation();
    this.waitForPlace(false);
    const row = this.emptyRow();
    const { faceMap: view, onlySide, fromBehind } = picture.dataset;
    this.fill(row, FREE, sideAt(x, onlySide, fromBehind === "true"));
    this.field(row, "view").value = view;
    this.field(row, "x").value = writePercent(x);
    this.field(row, "y").value = writePercent(y);
    this.say(this.text("nameFree"));
    this.show();
    this.field(row, "name").focus();
  }

  /** Draw the free points anew. They have no place of their own in the picture's margin: each dose stands beside its point. */
  showFree(points) {
    for (const picture of this.pictures) {
      const drawn = picture.querySelector("[data-face]");
      const box = drawn.viewBox.baseVal;
      for (const old of drawn.querySelectorAll("[data-free]")) old.remove();
      for (const point of points) {
        if (point.site !== FREE || point.view !== picture.dataset.faceMap || point.x === null || point.y === null) continue;
        const [x, y] = [(point.x / 100) * box.width, (point.y / 100) * box.height];
        const outward = x < box.width * 0.85 ? 1 : -1;
        const words = [this.text("pointName", { point: point.name || this.text("freePoint"), side: this.sideWords[point.side] ?? "" })];
        if (point.units !== null) words.push(this.text("dose", { units: writeUnits(point.units) }));
        const mark = draw("g", {
          class: `point is-free${point.units === null ? "" : " is-given"}`, transform: `translate(${x} ${y})`, "data-free": "",
          role: "button", tabindex: "-1", "aria-label": words.join("; "),
        });
        mark.append(draw("title", {}, words.join("; ")), draw("circle", { class: "point-hit", r: "12.6" }),
          draw("path", { class: "point-dot", d: "M0-8 8 0 0 8-8 0z" }));
        const units = this.field(point.row, "units");
        mark.addEventListener("click", () => { units.focus(); units.select(); });
        mark.addEventListener("pointerenter", () => this.tell(mark));
        drawn.append(mark);
        if (point.units === null) continue;
        drawn.append(draw("text", {
          class: "face-dose", x: x + outward * 10, y, dy: "4.2", "text-anchor": outward > 0 ? "start" : "end",
          "data-free": "", "aria-hidden": "true",
        }, writeUnits(point.units)));
      }
    }
    const key = this.map.querySelector("[data-free-key]");
    if (key) key.hidden = !points.some((point) => point.site === FREE);
  }

  /** Where two points share a place, the box that says so is shown; typing "x2" has said it. */
  confirmSeparate() {
    const box = this.separate?.querySelector('input[type="checkbox"]');
    if (box) box.checked = true;
  }

  showSeparate(points) {
    if (!this.separate) return;
    const places = points.filter((point) => point.site && point.site !== FREE).map((point) => `${point.site} ${point.side}`);
    this.separate.hidden = new Set(places).size === places.length;
    if (this.separate.hidden) this.separate.querySelector('input[type="checkbox"]').checked = false;
  }

  /** A point was pressed: go to its units, in its own row or in a new one. */
  pick(mark) {
    const { site, side } = mark.dataset;
    const known = this.points().find((point) => point.site === site && point.side === side);
    const row = known?.row ?? this.emptyRow();
    if (!known) this.fill(row, site, side);
    const back = known ? null : this.undos.at(-1);
    row.hidden = false;
    this.say(mark.dataset.warning, "warning");
    this.show();
    const units = this.field(row, "units");
    const goOn = new CustomEvent("point:picked", { cancelable: true, detail: { mark, row, units, back } });
    if (!this.form.dispatchEvent(goOn)) return;
    units.focus();
    units.select();
  }

  /** Units were chosen on the map. A point that had none is one thing with them, and taken back with them. */
  dose({ row, units }) {
    const before = this.snapshot(row);
    if (this.field(row, "units").value) this.undos.push(() => this.restore(row, before));
    this.field(row, "units").value = writeUnits(units);
    this.show();
  }

  /** A point was pressed and left without units: its row goes as it came. */
  leave({ row, back }) {
    if (back && !this.field(row, "units").value) {
      back();
      this.undos = this.undos.filter((step) => step !== back);
    }
    this.say("");
    this.show();
  }

  /** The map is one stop for the Tab key; arrow keys go to the nearest point in their direction. */
  keyOnMap(event, mark) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.pick(mark);
      return;
    }
    if (event.key === "Escape") {
      this.quick?.focus();
      return;
    }
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!direction) return;
    event.preventDefault();
    const [x, y] = place(mark);
    let best = null;
    let nearest = Infinity;
    const picture = mark.closest("[data-face-map]");
    for (const other of this.marks) {
      if (other === mark || !picture.contains(other)) continue;
      const [dx, dy] = [place(other)[0] - x, place(other)[1] - y];
      const along = dx * direction[0] + dy * direction[1];
      const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
      if (along > 0 && aside <= along * 2 && along + aside * 2 < nearest) {
        nearest = along + aside * 2;
        best = other;
      }
    }
    if (!best) return;
    mark.setAttribute("tabindex", "-1");
    best.setAttribute("tabindex", "0");
    best.focus();
  }

  // -- showing -----------------------------------------------------------------------------------------------------------

  show() {
    const points = this.points();
    const vial = this.vial();
    this.showRows(vial);
    this.showMap(points);
    if (this.map) this.showFree(points);
    this.showSeparate(points);
    this.showTotals(points.filter((point) => point.units !== null), vial);
    if (this.undoButton) this.undoButton.disabled = !this.undos.length;
    this.form.dispatchEvent(new CustomEvent("points:changed"));
  }

  vial() {
    const fields = [...this.form.querySelectorAll("[data-vial]")];
    const vials = fields.map((field) => (field.selectedOptions ? field.selectedOptions[0] : field)?.dataset ?? {});
    const chosen = vials.filter((data) => data.unitsLeft);
    // Of several vials only one concentration can be told here; which point came from which is for the server to say.
    const strengths = new Set(chosen.map((data) => Number(data.unitsPerMl) || null));
    return {
      product: chosen[0]?.product || "",
      unitsPerMl: strengths.size === 1 ? [...strengths][0] : null,
      unitsLeft: chosen.length ? chosen.reduce((sum, data) => sum + Number(data.unitsLeft), 0) : null,
    };
  }

  showRows(vial) {
    // One empty row is enough: the others wait out of sight until they are needed.
    let spare = 0;
    for (const row of this.rows()) {
      const { site, side, units, isEmpty, isRemoved } = this.read(row);
      row.hidden = isRemoved || (isEmpty && spare++ > 0 && !row.contains(document.activeElement));
      const volume = row.querySelector("[data-volume]");
      if (volume) volume.textContent = units !== null && vial.unitsPerMl ? writeVolume(units / vial.unitsPerMl) : "";
      const last = row.querySelector("[data-last]");
      if (last && this.map) last.textContent = site ? this.mark(site, side)?.dataset.previous || "–" : "";
      const remove = row.querySelector("[data-remove]");
      if (remove) {
        const name = this.nameOf(row);
        remove.setAttribute("aria-label", this.text("remove", { point: name }));
        remove.hidden = !name && !this.field(row, "units").value;
      }
    }
  }

  mark(site, side) {
    return this.marks?.find((mark) => mark.dataset.site === site && mark.dataset.side === side);
  }

  showMap(points) {
    const doses = new Map();
    for (const { site, side, units } of points) {
      if (units !== null && site !== FREE) doses.set(`${site} ${side}`, [...(doses.get(`${site} ${side}`) ?? []), units]);
    }
    for (const mark of this.marks ?? []) {
      const { site, side, label, sideWord, warning, previous } = mark.dataset;
      const given = doses.get(`${site} ${side}`);
      mark.classList.toggle("is-given", Boolean(given));
      const words = [this.text("pointName", { point: label, side: sideWord })];
      if (given) words.push(this.text("dose", { units: given.map(writeUnits).join(" + ") }));
      if (previous) words.push(this.text("lastTime", { units: previous }));
      if (warning) words.push(warning);
      const name = words.join("; ");
      mark.querySelector("title").textContent = name;
      mark.setAttribute("aria-label", name);
      const key = `${site} ${side}`;
      this.map.querySelector(`[data-lead="${key}"]`).classList.toggle("is-absent", !given);
      const dose = this.map.querySelector(`[data-dose="${key}"]`);
      dose.classList.toggle("is-absent", !given);
      dose.textContent = given ? writeDoses(given) : "";
      this.map.querySelector(`[data-dose-was="${key}"]`)?.classList.toggle("is-absent", Boolean(given));
    }
  }

  showTotals(points, vial) {
    const sum = (some) => some.reduce((total, point) => total + point.units, 0);
    const units = sum(points);
    const wasted = parseUnits(this.form.querySelector("[name=wasted_units]")?.value ?? "") ?? 0;
    const left = vial.unitsLeft === null ? null : vial.unitsLeft - units - wasted;
    this.write("units", writeUnits(units));
    for (const side of ["RIGHT", "LEFT", "MIDLINE"]) {
      this.write(side.toLowerCase(), writeUnits(sum(points.filter((point) => point.side === side))));
    }
    this.write("volume", vial.unitsPerMl ? writeVolume(units / vial.unitsPerMl) : "–");
    this.write("points", String(points.length));
    this.write("product", vial.product);
    this.write("left-in-vial", left === null ? "–" : writeUnits(left));
    const place = this.form.querySelector('[data-total="left-in-vial"]')?.closest("div");
    place?.classList.toggle("is-short", left !== null && left < 0);
    if (place) place.title = left !== null && left < 0 ? this.text("short") : "";
  }

  write(name, text) {
    for (const place of this.form.querySelectorAll(`[data-total="${name}"]`)) place.textContent = text;
  }
}

/** A number from 0 to 100 as typed, or null. */
function parsePercent(text) {
  const plain = text.trim().replace(",", ".");
  const percent = /^\d{1,3}(\.\d{1,40})?$/.test(plain) ? Number(plain) : null;
  return percent !== null && percent <= 100 ? percent : null;
}

/** A place in percent, fine enough for a pencil. */
function writePercent(percent) {
  return String(Math.round(percent * 10) / 10);
}

function draw(kind, attributes, text = "") {
  const part = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  part.textContent = text;
  return part;
}

function place(mark) {
  const { e, f } = mark.transform.baseVal.consolidate().matrix;
  return [e, f];
}

const form = document.querySelector("form[data-record-form]");
if (form) new Recording(form).start();
