// Filter and order of the table of datasets, buttons that copy, and the way to the word that a search found.
"use strict";

function filtered(table, input, told) {
  const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  input.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
}

function ordered(table) {
  const key = (row, at) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();
  [...table.tHead.rows[0].cells].forEach((heading, at) => {
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = heading.ariaSort !== "ascending";
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * key(a, at).localeCompare(key(b, at), "en", { numeric: true }));
      table.tBodies[0].append(...rows);
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      heading.ariaSort = up ? "ascending" : "descending";
    });
  });
}

function copied(box) {
  const button = document.createElement("button");
  button.textContent = "copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("pre").textContent.trim());
    button.textContent = "copied";
  });
  box.append(button);
}

document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("datasets");
  if (table) {
    filtered(table, document.getElementById("filter"), document.getElementById("filtered"));
    ordered(table);
  }
  if (navigator.clipboard) document.querySelectorAll(".snippet").forEach(copied);
  // Sphinx marks the words of a search when the page is there; the first one may stand far below.
  if (!location.hash) setTimeout(() => document.querySelector("article .highlighted")?.scrollIntoView({ block: "center" }), 100);
});
