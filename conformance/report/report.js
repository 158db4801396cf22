"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const rows = all("tr.row");
  const chips = all(".chip");
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");

  const detailOf = (row) => {
    const next = row.nextElementSibling;
    return next && next.classList.contains("detail") ? next : null;
  };
  const words = new Map(
    rows.map((row) => {
      const detail = detailOf(row);
      const text = row.textContent + (detail ? detail.textContent : "");
      return [row, text.toLowerCase()];
    }),
  );

  const speak = (language) => {
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    for (const button of all("[data-speak]")) {
      button.setAttribute("aria-pressed", String(button.dataset.speak === language));
    }
    count();
  };

  const count = () => {
    const shown = rows.filter((row) => !row.hidden).length;
    const chinese = root.dataset.language === "zh";
    matches.textContent =
      shown === rows.length
        ? ""
        : chinese
          ? `显示 ${shown} / ${rows.length} 条`
          : `${shown} of ${rows.length} shown`;
  };

  const filter = () => {
    const wanted = new Set(
      chips
        .filter((chip) => chip.getAttribute("aria-pressed") === "true")
        .map((chip) => chip.dataset.verdict),
    );
    const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = words.get(row);
      row.hidden =
        (wanted.size > 0 && !wanted.has(row.dataset.verdict)) ||
        !terms.every((term) => text.includes(term));
      const detail = detailOf(row);
      if (detail) detail.hidden = row.hidden;
    }
    for (const body of all("table.requirements tbody")) {
      body.hidden = ![...body.querySelectorAll("tr.row")].some((row) => !row.hidden);
    }
    count();
  };

  const fold = (open) => {
    for (const details of all("tr.detail > td > details")) details.open = open;
  };

  const reveal = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || !row.matches("tr.row")) return;
    if (row.hidden) {
      for (const chip of chips) chip.setAttribute("aria-pressed", "false");
      search.value = "";
      filter();
    }
    const details = detailOf(row)?.querySelector("details");
    if (details) details.open = true;
    row.scrollIntoView();
  };

  for (const button of all("[data-speak]")) {
    button.addEventListener("click", () => speak(button.dataset.speak));
  }
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const pressed = chip.getAttribute("aria-pressed") === "true";
      chip.setAttribute("aria-pressed", String(!pressed));
      filter();
    });
  }
  search.addEventListener("input", filter);
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  window.addEventListener("hashchange", reveal);

  root.classList.add("scripted");
  speak(root.dataset.language);
  reveal();
})();
