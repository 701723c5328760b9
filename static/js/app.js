// Small comforts of every staff page. Nothing here is needed to use a page.

// Ctrl+K (or ⌘K) goes to the patient search.
const search = document.querySelector("[data-search]");
if (search) {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const key = document.querySelector("[data-search-key]");
  key.textContent = mac ? "⌘ K" : "Ctrl K";
  key.hidden = false;
  search.setAttribute("aria-keyshortcuts", mac ? "Meta+K" : "Control+K");
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
}

// A menu closes with Escape, and when something outside of it is pressed.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
