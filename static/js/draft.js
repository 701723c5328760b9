// Keeps what is typed on the record page as a draft on the server. Nothing is kept in the browser.
//
// Saved two seconds after the last change, on leaving a field, and when the page is left; one request at a time. Each save names
// the revision that it stands on: whoever saves over somebody else's is answered 409, and sees what the other wrote.
//
// What the page gives: form[data-record-form] with [name=draft_revision], and in it
//   [data-draft]  data-draft-url (where to), data-page (the record page), data-text-* (sentences)

const PAUSE = 2000;
const AGAIN = 5000;
const UNTYPED = new Set(["csrfmiddlewaretoken", "draft_revision"]);

class Draft {
  constructor(form, place) {
    this.form = form;
    this.place = place;
    this.revision = form.querySelector('[name="draft_revision"]');
    this.saved = this.typed();
    this.busy = null;
    this.inConflict = false;
  }

  start() {
    this.form.addEventListener("input", () => this.soon(PAUSE));
    this.form.addEventListener("change", () => this.soon(PAUSE));
    this.form.addEventListener("points:changed", () => this.soon(PAUSE));
    this.form.addEventListener("focusout", () => this.soon(0));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.isDirty()) this.save({ keepalive: true });
    });
    this.form.addEventListener("submit", (event) => this.submitted(event));
    document.addEventListener("click", (event) => {
      const mine = event.target.closest("[data-draft-mine]");
      if (mine) this.goOnWithMine(mine);
    });
  }

  /** What the form would send, without what nobody typed. */
  typed() {
    const fields = [...new FormData(this.form)].filter(([name]) => !UNTYPED.has(name));
    return new URLSearchParams(fields).toString();
  }

  isDirty() {
    return this.typed() !== this.saved;
  }

  soon(pause) {
    clearTimeout(this.timer);
    if (this.inConflict || !this.isDirty()) return;
    this.timer = setTimeout(() => this.save(), pause);
  }

  /** Answers "kept", "conflict", "out" (signed out), "refused" or "failed" (no answer). */
  async save(options = {}) {
    clearTimeout(this.timer);
    while (this.busy) await this.busy;
    if (!this.isDirty() && !this.inConflict) return "kept";
    this.busy = this.send(options).catch(() => "failed");
    const outcome = await this.busy;
    this.busy = null;
    if (outcome === "failed") {
      this.say(this.place.dataset.textFailed, true);
      this.timer = setTimeout(() => this.save(), AGAIN);
    }
    if (outcome === "refused") this.say(this.place.dataset.textRefused, true);
    if (outcome === "out") this.sayOut();
    if (outcome === "kept" && this.isDirty()) this.soon(PAUSE);
    return outcome;
  }

  async send(options, isAgain = false) {
    const typed = this.typed();
    const answer = await fetch(this.place.dataset.draftUrl, {
      method: "POST", body: new URLSearchParams(new FormData(this.form)), headers: { "X-Draft": "1" }, redirect: "manual", ...options,
    });
    if (answer.type === "opaqueredirect") return "out";
    // Whoever has signed in again in another tab has another token.
    if (answer.status === 403 && !isAgain) return (await this.renewToken()) ? this.send(options, true) : "out";
    if (answer.status === 409) {
      this.showConflict(await answer.text());
      return "conflict";
    }
    if (answer.status >= 500) return "failed";
    if (!answer.ok) return "refused";
    const { revision, sentence } = await answer.json();
    this.revision.value = String(revision);
    this.saved = typed;
    this.say(sentence);
    return "kept";
  }

  async renewToken() {
    const answer = await fetch(this.place.dataset.page, { redirect: "manual" });
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector('[name="csrfmiddlewaretoken"]')?.value;
    if (!token) return false;
    for (const field of document.querySelectorAll('[name="csrfmiddlewaretoken"]')) field.value = token;
    return true;
  }

  /** The form goes only after what is typed has been kept: a signature must not overtake its own draft. */
  async submitted(event) {
    if (event.defaultPrevented || this.mayGo || (!this.busy && !this.isDirty() && !this.inConflict)) return;
    event.preventDefault();
    const { submitter } = event;
    const outcome = this.inConflict ? "conflict" : await this.save();
    if (outcome === "kept" || outcome === "refused") {
      this.mayGo = true;
      this.form.requestSubmit(submitter);
      return;
    }
    const conflict = document.querySelector("[data-draft-conflict]");
    (conflict ?? this.place).scrollIntoView({ block: "center" });
    conflict?.focus();
  }

  showConflict(html) {
    this.inConflict = true;
    document.querySelector("[data-draft-conflict]")?.remove();
    this.say("");
    this.form.insertAdjacentHTML("beforebegin", html);
    document.querySelector("[data-draft-conflict]")?.scrollIntoView({ block: "center" });
  }

  goOnWithMine(button) {
    this.revision.value = button.dataset.draftMine;
    button.closest("[data-draft-conflict]").remove();
    this.inConflict = false;
    this.saved = null;
    this.save();
  }

  say(sentence, isWarning = false) {
    this.place.textContent = sentence;
    this.place.classList.toggle("is-warning", isWarning);
  }

  sayOut() {
    this.say(`${this.place.dataset.textOut} `, true);
    const link = document.createElement("a");
    link.href = this.place.dataset.page;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = this.place.dataset.textSignIn;
    this.place.append(link);
  }
}

const form = document.querySelector("form[data-record-form]");
const place = form?.querySelector("[data-draft]");
if (place) new Draft(form, place).start();
