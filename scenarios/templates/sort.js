// A table of the class "sorts" is sorted by clicking on its heads: up, then down; what is not known stays last.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const keyed = [...body.rows].map(row => {
        const cell = row.cells[column], text = column ? cell.dataset.key ?? "" : cell.textContent;
        return { row, text, number: text === "" ? NaN : Number(text) };
      });
      const known = keyed.filter(each => each.text !== ""), unknown = keyed.filter(each => each.text === "");
      const numbers = known.every(each => !Number.isNaN(each.number));
      known.sort((one, other) => (down ? -1 : 1) * (numbers ? one.number - other.number
        : one.text.localeCompare(other.text, "en", { numeric: true })));
      body.append(...[...known, ...unknown].map(each => each.row));
      heads.forEach(each => each.setAttribute("aria-sort", each === head ? (down ? "descending" : "ascending") : "none"));
    });
  });
}
