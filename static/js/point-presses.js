// Pressing a point of a map with a finger. Works beside record.js.
//
// A press counts for the nearest point within a finger's reach. Where another point lies so close to it that a finger cannot tell
// them apart (less than 24 pixels, WCAG 2.2, 2.5.8), the points are named in a sheet and chosen there. After a press by touch the
// sheet offers units, so that nobody has to go down to the table and back for each point: those given last time, those typed in
// this treatment already, and the ends of the usual range. They are offered only with the product that the page was made for.
//
// What the page gives: [data-point-sheet] with [data-sheet-title] (data-text-which), [data-sheet-choices], [data-sheet-other] and
// [data-sheet-close]; form[data-record-form] with data-product; options of the sites with data-doses ("1.25 2.5").
//
// record.js sends "point:picked" with {mark, row, units, back}; whoever cancels it has taken over, and answers with
// "point:dosed" {row, units} or with "point:left" {row, back}.

/** How far a finger may be off, and how far apart points must be for it to tell them apart; in pixels on the screen. */
const REACH = 22;
const APART = 24;
const MOST_DOSES = 6;

class Presses {
  constructor(form, sheet) {
    this.form = form;
    this.sheet = sheet;
    this.title = sheet.querySelector("[data-sheet-title]");
    this.choices = sheet.querySelector("[data-sheet-choices]");
    this.other = sheet.querySelector("[data-sheet-other]");
  }

  start() {
    for (const picture of this.form.querySelectorAll("[data-face]")) {
      picture.addEventListener("click", (event) => this.press(picture, event), true);
    }
    this.form.addEventListener("point:picked", (event) => this.picked(event));
    this.sheet.querySelector("[data-sheet-close]").addEventListener("click", () => this.close());
    this.sheet.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    document.addEventListener("click", (event) => {
      // Along its path as it was: a button that was pressed in the sheet may be gone from it by now.
      const isHere = event.composedPath().some((part) => part === this.sheet || part.matches?.("[data-face]"));
      if (!this.sheet.hidden && !isHere) this.leave();
    });
  }

  press(picture, event) {
    // A press without a place comes from the keyboard or from here; one that was taken put a free point on the picture.
    if (event.detail === 0 || event.defaultPrevented) return;
    this.leave();
    this.byTouch = event.pointerType === "touch" || event.pointerType === "pen";
    this.at = event.clientY;
    const near = [...picture.querySelectorAll(".point")]
      .map((mark) => ({ mark, distance: distance(middle(mark), [event.clientX, event.clientY]) }))
      .filter((one) => one.distance <= REACH)
      .sort((one, other) => one.distance - other.distance)
      .map((one) => one.mark);
    if (!near.length) return;
    event.stopPropagation();
    const [nearest] = near;
    const alike = near.filter((mark) => distance(middle(mark), middle(nearest)) < APART);
    if (alike.length > 1) this.ask(picture, alike);
    else choose(nearest);
  }

  ask(picture, marks) {
    this.open(picture, this.title.dataset.textWhich, marks.map((mark) => [nameOf(mark), () => {
      this.hide();
      choose(mark);
    }]), "is-list");
    this.mark = marks[0];
    this.other.hidden = true;
  }

  picked(event) {
    if (!this.byTouch) return;
    this.byTouch = false;
    const { mark, row, units, back } = event.detail;
    const doses = this.doses(mark);
    if (!doses.length) return;
    event.preventDefault();
    this.open(mark.closest("[data-face]"), nameOf(mark), doses.map((dose) => [`${dose} U`, () => {
      this.waiting = null;
      this.form.dispatchEvent(new CustomEvent("point:dosed", { detail: { row, units: dose } }));
      this.close();
    }]));
    this.mark = mark;
    this.waiting = { row, back };
    this.other.hidden = false;
    this.other.onclick = () => {
      this.waiting = null;
      this.hide();
      units.focus();
      units.select();
    };
  }

  /** Units to offer for a point, ascending. */
  doses(mark) {
    const found = new Set();
    for (const field of this.form.querySelectorAll('[data-point-row] [name$="-units"]')) found.add(Number(field.value.replace(",", ".")));
    const product = this.form.querySelector('[data-total="product"]')?.textContent ?? "";
    const option = this.form.querySelector(`[data-point-row] option[value="${mark.dataset.site}"]`);
    const offered = product && product === this.form.dataset.product ? `${mark.dataset.previous} ${option?.dataset.doses ?? ""}` : "";
    const first = offered.split(" ").filter(Boolean).map(Number);
    return [...new Set([...first, ...[...found].reverse()])]
      .filter((dose) => dose > 0)
      .slice(0, MOST_DOSES)
      .sort((one, other) => one - other);
  }

  open(picture, title, choices, kind = "") {
    const figure = picture.closest("[data-face-map]");
    this.title.textContent = title;
    this.choices.replaceChildren(...choices.map(([words, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = words;
      button.addEventListener("click", act);
      return button;
    }));
    this.choices.classList.toggle("is-list", kind === "is-list");
    figure.append(this.sheet);
    this.sheet.hidden = false;
    // Below the finger, or above it where the screen ends.
    const [frame, box] = [figure.getBoundingClientRect(), this.sheet.getBoundingClientRect()];
    const below = this.at + REACH + box.height <= window.innerHeight;
    this.sheet.style.top = `${(below ? this.at + REACH : this.at - REACH - box.height) - frame.top}px`;
    this.choices.querySelector("button").focus({ preventScroll: true });
  }

  hide() {
    this.sheet.hidden = true;
  }

  leave() {
    this.hide();
    if (this.waiting) this.form.dispatchEvent(new CustomEvent("point:left", { detail: this.waiting }));
    this.waiting = null;
  }

  close() {
    this.leave();
    this.mark?.focus({ preventScroll: true });
  }
}

function nameOf(mark) {
  return mark.querySelector("title").textContent;
}

function choose(mark) {
  mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
}

function middle(mark) {
  const box = mark.querySelector(".point-dot").getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

function distance([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY);
}

const form = document.querySelector("form[data-record-form]");
const sheet = form?.querySelector("[data-point-sheet]");
if (sheet) new Presses(form, sheet).start();
