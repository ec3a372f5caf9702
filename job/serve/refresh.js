// Asks for the page again now and then, and replaces the sections that changed. The place, open
// folds and the focus stay.
"use strict";
const SECONDS = 10;
const told = document.getElementById("refreshed");
const sections = within => [...within.querySelectorAll("main > section")];
const known = new Map(sections(document).map(each => [each.id, each.outerHTML]));
let time = "";

// The section at the upper edge of the window stays where it is, whatever changes above it.
function keepPlace(change) {
  const seen = sections(document).find(each => each.getBoundingClientRect().bottom > 0);
  const top = seen && seen.getBoundingClientRect().top;
  change();
  if (seen) scrollBy(0, document.getElementById(seen.id).getBoundingClientRect().top - top);
}

function tell(text) {
  keepPlace(() => { told.hidden = false; told.textContent = text; });
}

function replace(before, after) {
  const open = [...before.querySelectorAll("details[open]")].map(each => each.id);
  const wide = [...before.querySelectorAll(".wide")].map(each => each.scrollLeft);
  const focus = before.contains(document.activeElement) && document.activeElement.getAttribute("href");
  before.replaceWith(after);
  open.forEach(id => { if (document.getElementById(id)) document.getElementById(id).open = true; });
  after.querySelectorAll(".wide").forEach((each, number) => { each.scrollLeft = wide[number] || 0; });
  if (focus) after.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
}

async function refresh() {
  const answer = await fetch(location.href, {cache: "no-cache"});
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(answer.status === 503 ? "the store does not answer" : answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = sections(page);
  if (now.map(each => each.id).join() !== [...known.keys()].join()) return location.reload();
  keepPlace(() => {
    for (const each of now) {
      if (each.outerHTML === known.get(each.id)) continue;
      known.set(each.id, each.outerHTML);
      replace(document.getElementById(each.id), document.adoptNode(each));
    }
  });
  document.title = page.title;
  time = new Date().toLocaleTimeString();
  tell(`Refreshed at ${time}.`);
}

async function again() {
  if (!document.hidden) {
    try { await refresh(); } catch (error) {
      tell(`Not refreshed${time && ` since ${time}`}: ${error.message || "no answer"}. Asking again.`);
    }
  }
  setTimeout(again, 1000 * SECONDS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh().catch(() => {}); });
setTimeout(again, 1000 * SECONDS);
