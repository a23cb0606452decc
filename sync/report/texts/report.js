"use strict";
for (const table of document.querySelectorAll("table.sort")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].textContent;
      const numbers = head.classList.contains("n");
      const value = (text) => Number(text.replace(/[^0-9.-]/g, "") || -1);
      const rows = Array.from(body.rows, (row) => [key(row), row]);
      rows.sort(([a], [b]) => (numbers ? value(a) - value(b) : a.localeCompare(b)) * (down ? -1 : 1));
      body.append(...rows.map(([, row]) => row));
    });
  });
}
