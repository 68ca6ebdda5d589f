"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const filters = document.getElementById("call-filters");
  if (filters) {
    const rows = all("#calls tbody tr");
    const shown = document.getElementById("calls-shown");
    const apply = () => {
      const words = filters.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const phase = filters.elements.phase.value;
      let count = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden =
          (phase !== "" && row.dataset.phase !== phase) ||
          (filters.elements.writes.checked && !row.classList.contains("write")) ||
          (filters.elements.failed.checked && !row.classList.contains("failed")) ||
          !words.every((word) => text.includes(word));
        count += row.hidden ? 0 : 1;
      }
      shown.textContent = `${count} of ${rows.length}`;
    };
    filters.hidden = false;
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  if (navigator.clipboard) {
    for (const block of all(".copyable")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(block.querySelector("pre").textContent);
        button.textContent = "Copied";
      });
      block.append(button);
    }
  }

  const download = document.getElementById("download");
  const data = document.getElementById("report-json").textContent;
  download.href = URL.createObjectURL(new Blob([JSON.stringify(JSON.parse(data), null, 2)], { type: "application/json" }));
  download.hidden = false;

  addEventListener("beforeprint", () => all("details").forEach((details) => { details.open = true; }));
})();
