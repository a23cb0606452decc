"use strict";
// The heads stay cells: what is printed repeats them on every page, and some browsers leave controls in them blank.
for (const table of document.querySelectorAll("table.sort")) {
  const body = table.tBodies[0];
  const heads = table.querySelectorAll("thead th");
  heads.forEach((head, column) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].textContent;
      const numbers = head.classList.contains("n");
      const value = (text) => Number(text.replace(/[^0-9.-]/g, "") || -1);
      const rows = Array.from(body.rows, (row) => [key(row), row]);
      rows.sort(([a], [b]) => (numbers ? value(a) - value(b) : a.localeCompare(b)) * (down ? -1 : 1));
      body.append(...rows.map(([, row]) => row));
    };
    head.tabIndex = 0;
    head.title = "Sort by this column";
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort();
    });
  });
}
